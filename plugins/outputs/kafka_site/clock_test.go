package kafka_site

import (
	"testing"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/metric"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// A clock that was never set gives no Kafka timestamps, which the topic's retention would take for old age.
func TestAClockOf1970(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, kfake.SeedTopics(1, "JNU_1_rasp"))
	b := &bench{plugin: newPlugin(func(k *KafkaSite) { k.Brokers, k.Outbox = cluster.ListenAddrs(), t.TempDir() })}
	require.NoError(t, b.plugin.Init())
	began := time.Now()
	b.plugin.sender.now = func() time.Time { return time.Unix(30, 0).Add(time.Since(began)) }
	require.NoError(t, b.plugin.Connect())
	t.Cleanup(func() { require.NoError(t, b.plugin.Close()) })
	early := metric.New("environment", reading("JNU", "pi", 0).Tags(), reading("JNU", "pi", 0).Fields(), time.Unix(31, 0))
	require.NoError(t, b.plugin.Write([]telegraf.Metric{early}))
	requireDrained(t, b)
	record := consume(t, cluster, "JNU_1_rasp", 1)[0]
	require.Equal(t, int64(-1), record.Timestamp.UnixMilli())
	require.Contains(t, string(record.Value), `"time":"1970-01-01T00:00:31Z"`)
	require.Positive(t, b.plugin.counters.untimed.Get())
}

// A broker that refuses the clock's time gets the records without one.
func TestAClockThatIsAhead(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, kfake.SeedTopics(1, "JNU_1_rasp"))
	refused := 0
	controlBatches(cluster, func(batch *kmsg.RecordBatch) *kerr.Error {
		if batch.FirstTimestamp >= 0 {
			refused++
			return kerr.InvalidTimestamp
		}
		return nil
	})
	b := newDurable(t, cluster.ListenAddrs(), t.TempDir(), nil)
	for i := range 3 {
		require.NoError(t, b.plugin.Write([]telegraf.Metric{reading("JNU", "pi", i)}))
		requireDrained(t, b)
	}
	requireGapless(t, consume(t, cluster, "JNU_1_rasp", 3), 3)
	require.Equal(t, 1, refused)
}
