package kafka_site

import "github.com/influxdata/telegraf/selfstat"

// counters are the plugin's own statistics, which inputs.internal shows as internal_kafka_site.
type counters struct {
	written  selfstat.Stat // records that all in-sync replicas acknowledged
	rejected selfstat.Stat // records that were given up, each with its reason in the log
}

func newCounters(statistics *selfstat.Collector) *counters {
	return &counters{
		written:  statistics.Register("kafka_site", "records_written", map[string]string{}),
		rejected: statistics.Register("kafka_site", "records_rejected", map[string]string{}),
	}
}
