package kafka_site

import (
	"github.com/influxdata/telegraf/selfstat"

	"github.com/telegraf-station/telegraf-station/internal/record"
)

// addInput adds the counters that inputs.arduino_serial of the device registered with Telegraf for inputs.internal. Reading the registry also
// ends an averaging of Telegraf's own timings, so it is done rarely.
func addInput(health record.Health, device string) {
	for _, metric := range selfstat.Metrics() {
		if tag, _ := metric.GetTag("device_id"); metric.Name() != "internal_arduino_serial" || tag != device {
			continue
		}
		for _, field := range metric.FieldList() {
			if value, ok := field.Value.(int64); ok && inputName(field.Key) != "" {
				health[inputName(field.Key)] += value
			}
		}
	}
}

// inputName returns the name of a counter in the header, or nothing if the header does not have it.
func inputName(counter string) string {
	switch counter {
	case "lost":
		return "lines_lost"
	case "opens":
		return "port_opens"
	case "lines", "readings", "sensing_errors", "silences", "board_resets",
		"rejected_checksum", "rejected_syntax", "rejected_schema", "rejected_overlong", "rejected_encoding", "rejected_fused",
		"rejected_device", "rejected_empty":
		return counter
	}
	return ""
}
