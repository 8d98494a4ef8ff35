package kafka_sites

import (
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/plugins/parsers/station"
)

// BenchmarkRecord measures a record from sarama to the accumulator, with the options of conf/central.
func BenchmarkRecord(b *testing.B) {
	plugin := &KafkaSites{}
	named(plugin)
	plugin.TopicTag, plugin.PartitionTag, plugin.OffsetTag = "topic", "partition", "offset"
	parser := &station.Parser{}
	require.NoError(b, parser.Init())
	plugin.SetParser(parser)
	var err error
	plugin.naming, err = plugin.newNaming()
	require.NoError(b, err)
	site := plugin.siteOf("JNU_1_rasp")
	message := &sarama.ConsumerMessage{
		Topic: "JNU_1_rasp", Offset: 123456, Key: []byte("RaspberryPi"), Timestamp: time.Now(),
		Value: []byte(`{"device_id":"RaspberryPi","status":0,"time":"2026-11-24T02:00:00.123456789Z","lat":35.17959,"lon":126.90822,"alcohol_gas":9,"co_gas":117,"temp":26.52,"light":554,"dust":0.05}`),
	}
	b.ReportAllocs()
	for b.Loop() {
		metrics, err := plugin.metricsOf(message)
		if err != nil {
			b.Fatal(err)
		}
		for _, m := range metrics {
			site.apply(m)
		}
	}
}
