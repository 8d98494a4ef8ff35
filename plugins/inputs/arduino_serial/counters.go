package arduino_serial

import (
	"errors"

	"github.com/influxdata/telegraf/selfstat"

	"github.com/telegraf-station/telegraf-station/internal/line"
	"github.com/telegraf-station/telegraf-station/internal/line/flatjson"
	"github.com/telegraf-station/telegraf-station/internal/schema"
)

// counters are the statistics of the plugin, which inputs.internal shows as internal_arduino_serial, tagged by device_id.
type counters struct {
	bytes     selfstat.Stat // bytes read
	lines     selfstat.Stat // lines read, valid or not
	readings  selfstat.Stat // readings that became metrics
	errors    selfstat.Stat // readings of status 1
	unknown   selfstat.Stat // values left out because they are not in the schema
	partial   selfstat.Stat // incomplete lines after opening the port and before losing it
	positions selfstat.Stat // NMEA sentences with the state of the GPS between lines of another format

	rejectedChecksum selfstat.Stat
	rejectedSyntax   selfstat.Stat
	rejectedSchema   selfstat.Stat
	rejectedOverlong selfstat.Stat
	rejectedEncoding selfstat.Stat
	rejectedFused    selfstat.Stat
	rejectedDevice   selfstat.Stat
	rejectedEmpty    selfstat.Stat

	lost        selfstat.Stat // readings missing by the gaps in seq
	boardResets selfstat.Stat // boots of the board, by boot or seq

	opens      selfstat.Stat // times that the port was opened
	silences   selfstat.Stat // records of status 2
	reopens    selfstat.Stat // times that the watchdog reopened the port
	resetsSent selfstat.Stat // times that the watchdog reset the board

	framing selfstat.Stat // counted by the driver since the port was first opened
	overrun selfstat.Stat
	parity  selfstat.Stat
}

func newCounters(statistics *selfstat.Collector, tags map[string]string) *counters {
	register := func(field string) selfstat.Stat {
		return statistics.Register("arduino_serial", field, map[string]string{schema.DeviceID: tags[schema.DeviceID]})
	}
	return &counters{
		bytes:     register("bytes"),
		lines:     register("lines"),
		readings:  register("readings"),
		errors:    register("sensing_errors"),
		unknown:   register("unknown_values"),
		partial:   register("partial_lines"),
		positions: register("positions"),

		rejectedChecksum: register("rejected_checksum"),
		rejectedSyntax:   register("rejected_syntax"),
		rejectedSchema:   register("rejected_schema"),
		rejectedOverlong: register("rejected_overlong"),
		rejectedEncoding: register("rejected_encoding"),
		rejectedFused:    register("rejected_fused"),
		rejectedDevice:   register("rejected_device"),
		rejectedEmpty:    register("rejected_empty"),

		lost:        register("lost"),
		boardResets: register("board_resets"),

		opens:      register("opens"),
		silences:   register("silences"),
		reopens:    register("reopens"),
		resetsSent: register("resets_sent"),

		framing: register("framing_errors"),
		overrun: register("overrun_errors"),
		parity:  register("parity_errors"),
	}
}

// The causes that change the message.
const (
	causeFused  = "fused"  // a reading was saved anyway
	causeSyntax = "syntax" // possibly another line format
	causeNoise  = "noise"  // whatever the decoder found
)

// rejected returns the counter and the name of the cause.
func (c *counters) rejected(err error) (counter selfstat.Stat, cause string) {
	for _, known := range []struct {
		err     error
		counter selfstat.Stat
		cause   string
	}{
		{line.ErrFused, c.rejectedFused, causeFused},
		{line.ErrChecksum, c.rejectedChecksum, "checksum"},
		{flatjson.ErrEncoding, c.rejectedEncoding, "encoding"},
		{errSchema, c.rejectedSchema, "schema"},
		{errDevice, c.rejectedDevice, "device"},
	} {
		if errors.Is(err, known.err) {
			return known.counter, known.cause
		}
	}
	return c.rejectedSyntax, causeSyntax
}
