package kafka_site

import (
	"testing"
	"time"

	"github.com/influxdata/telegraf/metric"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// A clock that was never set gives no Kafka timestamps, because the retention of the topic would delete such records.
func TestAClockOf1970(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, kfake.SeedTopics(1, "JNU_1_rasp"))
	began := time.Now()
	b := newDurable(t, cluster.ListenAddrs(), t.TempDir(), func(k *KafkaSite) {
		k.clock = func() time.Time { return time.Unix(30, 0).Add(time.Since(began)) }
	})
	early := metric.New("environment", reading("JNU", "pi", 0).Tags(), reading("JNU", "pi", 0).Fields(), time.Unix(31, 0))
	b.deliver(early)
	requireDrained(t, b)
	record := consume(t, cluster, "JNU_1_rasp", 1)[0]
	require.Equal(t, int64(-1), record.Timestamp.UnixMilli())
	require.Contains(t, string(record.Value), `"time":"1970-01-01T00:00:31Z"`)
	require.Positive(t, b.plugin.counters.withoutTimestamp.Get())
}

// A broker that rejects the timestamps gets the records without them.
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
		b.deliver(reading("JNU", "pi", i))
		requireDrained(t, b)
	}
	requireGapless(t, consume(t, cluster, "JNU_1_rasp", 3), 3)
	require.Equal(t, 1, refused)
}
