package kafka_site

import (
	"github.com/influxdata/telegraf/selfstat"

	"github.com/telegraf-station/telegraf-station/internal/outbox"
)

// counters are the plugin's own statistics, which inputs.internal shows as internal_kafka_site.
type counters struct {
	written  selfstat.Stat // records that all in-sync replicas acknowledged
	rejected selfstat.Stat // records that can never be written: parked, or given up where nothing can be parked
	repeated selfstat.Stat // records that were sent again although they may have arrived
	dropped  selfstat.Stat // readings that a bound took, of the outbox or of the memory before it
	damaged  selfstat.Stat // records that were damaged on disk
	untimed  selfstat.Stat // records that were sent without a Kafka timestamp, since the clock is wrong

	// Of now:
	buffered, waiting, bytes, parked selfstat.Stat
}

func newCounters(statistics *selfstat.Collector) *counters {
	register := func(name string) selfstat.Stat {
		return statistics.Register("kafka_site", name, map[string]string{})
	}
	return &counters{
		written:  register("records_written"),
		rejected: register("records_rejected"),
		repeated: register("records_sent_again"),
		dropped:  register("records_dropped"),
		damaged:  register("records_damaged"),
		untimed:  register("records_without_timestamp"),
		buffered: register("buffered_readings"),
		waiting:  register("outbox_records"),
		bytes:    register("outbox_bytes"),
		parked:   register("outbox_parked"),
	}
}

// show sets what is so now.
func (c *counters) show(stats outbox.Stats) {
	c.waiting.Set(stats.Pending)
	c.bytes.Set(stats.Bytes)
	c.parked.Set(stats.Parked)
}
