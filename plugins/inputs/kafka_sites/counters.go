package kafka_sites

import "github.com/influxdata/telegraf/selfstat"

// counters are what inputs.internal shows of the plugin.
type counters struct {
	topics     selfstat.Stat // consumed at the moment
	starts     selfstat.Stat // of consuming, one at each change of the topics
	unparsable selfstat.Stat // records that are no readings
	rejected   selfstat.Stat // records that the outputs dropped, and that are read again
	garbled    selfstat.Stat // headers with an agent's health that make no sense
}

func newCounters(collector *selfstat.Collector) counters {
	register := func(name string) selfstat.Stat { return collector.Register("kafka_sites", name, map[string]string{}) }
	return counters{
		topics:     register("topics"),
		starts:     register("consumer_starts"),
		unparsable: register("records_unparsable"),
		rejected:   register("records_rejected"),
		garbled:    register("health_unreadable"),
	}
}
