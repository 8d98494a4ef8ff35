package arduino_serial

import "github.com/influxdata/telegraf/selfstat"

// counters are the plugin's own statistics, which inputs.internal shows as internal_arduino_serial, tagged by device_id.
type counters struct {
	bytes    selfstat.Stat // bytes read
	lines    selfstat.Stat // lines read, good or bad
	readings selfstat.Stat // readings that became metrics
	errors   selfstat.Stat // readings of status 1
	unknown  selfstat.Stat // values left out because the schema does not declare them
	partial  selfstat.Stat // cut-off first lines after opening the port, dropped

	rejectedSyntax   selfstat.Stat
	rejectedEncoding selfstat.Stat
	rejectedOverlong selfstat.Stat
	rejectedEmpty    selfstat.Stat

	opens    selfstat.Stat // times that the port was opened
	silences selfstat.Stat // records of status 2
}

func newCounters(statistics *selfstat.Collector, deviceID string) *counters {
	register := func(field string) selfstat.Stat {
		return statistics.Register("arduino_serial", field, map[string]string{"device_id": deviceID})
	}
	return &counters{
		bytes:            register("bytes"),
		lines:            register("lines"),
		readings:         register("readings"),
		errors:           register("sensing_errors"),
		unknown:          register("unknown_values"),
		partial:          register("partial_lines"),
		rejectedSyntax:   register("rejected_syntax"),
		rejectedEncoding: register("rejected_encoding"),
		rejectedOverlong: register("rejected_overlong"),
		rejectedEmpty:    register("rejected_empty"),
		opens:            register("opens"),
		silences:         register("silences"),
	}
}
