package kafka_site

import (
	"github.com/influxdata/telegraf/selfstat"

	"github.com/telegraf-station/telegraf-station/internal/outbox"
)

// counters are the statistics that inputs.internal shows as internal_kafka_site.
type counters struct {
	written  selfstat.Stat // records that all in-sync replicas acknowledged
	rejected selfstat.Stat // records that can never be written: parked, or dropped if they cannot be parked
	repeated selfstat.Stat // records that were sent again although they may have been appended
	dropped  selfstat.Stat // readings that were dropped because of a limit, of the outbox or of memory
	damaged  selfstat.Stat // records that were damaged on disk
	// withoutTimestamp counts records that were sent without a Kafka timestamp, because the clock is wrong.
	withoutTimestamp selfstat.Stat

	buffered, pending, bytes, parked selfstat.Stat // current
}

func newCounters(statistics *selfstat.Collector) *counters {
	register := func(name string) selfstat.Stat {
		return statistics.Register("kafka_site", name, map[string]string{})
	}
	return &counters{
		written:          register("records_written"),
		rejected:         register("records_rejected"),
		repeated:         register("records_sent_again"),
		dropped:          register("records_dropped"),
		damaged:          register("records_damaged"),
		withoutTimestamp: register("records_without_timestamp"),
		buffered:         register("buffered_readings"),
		pending:          register("outbox_records"),
		bytes:            register("outbox_bytes"),
		parked:           register("outbox_parked"),
	}
}

// show sets the current state of the outbox.
func (c *counters) show(stats outbox.Stats) {
	c.pending.Set(stats.Pending)
	c.bytes.Set(stats.Bytes)
	c.parked.Set(stats.Parked)
}
