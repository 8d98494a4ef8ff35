package kafka_sites

import "github.com/influxdata/telegraf/selfstat"

// counters are shown by inputs.internal.
type counters struct {
	topics           selfstat.Stat // consumed now
	starts           selfstat.Stat // of consumers: one on each change of the topics
	unparsable       selfstat.Stat // records that are not valid readings
	expired          selfstat.Stat // records that retention deleted before they were read
	rejected         selfstat.Stat // records that the outputs dropped and that are read again
	unreadableHealth selfstat.Stat // invalid headers station-health
}

func newCounters(collector *selfstat.Collector) counters {
	register := func(name string) selfstat.Stat { return collector.Register("kafka_sites", name, map[string]string{}) }
	return counters{
		topics:           register("topics"),
		starts:           register("consumer_starts"),
		unparsable:       register("records_unparsable"),
		expired:          register("records_expired"),
		rejected:         register("records_rejected"),
		unreadableHealth: register("health_unreadable"),
	}
}
