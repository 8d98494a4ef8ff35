package kafka_site

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/metric"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/telegraf-station/telegraf-station/internal/outbox"
)

func TestOneBadRecordHoldsUpNobodyElse(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t)
	b := newBench(t, cluster.ListenAddrs(), func(k *KafkaSite) { k.MaxMessageBytes, k.UnknownFields = 2048, "keep" })
	large := reading("JNU", "pi", 1)
	large.AddField("note", strings.Repeat("x", 4096))
	untagged := reading("JNU", "pi", 2)
	untagged.RemoveTag("site")
	unserializable := reading("JNU", "pi", 3)
	unserializable.AddField("light", "bright")
	require.NoError(t, b.plugin.Write([]telegraf.Metric{reading("JNU", "pi", 0), large, untagged, unserializable, reading("JNU", "pi", 4)}))

	records := consume(t, cluster, "JNU_1_rasp", 2)
	require.Equal(t, []int{0, 4}, lights(t, records))
	require.Equal(t, "2", string(records[1].Headers[1].Value), "a record that is never sent has no number")
	logged := strings.Join(b.log.Errors(), "\n")
	require.Len(t, b.log.Errors(), 3, logged)
	require.Contains(t, logged, `Record of device "pi" at 2026-11-24T12:00:01Z cannot be written and is given up: it has 4420 bytes, more than max_message_bytes allows (2048): "{\"device_id\"`)
	require.Contains(t, logged, `is given up: no topic for metric "environment": tag "site" is missing or empty`)
	require.Contains(t, logged, `is given up: metric "environment" is not a record of schema "environment": field "light" must be a number, not the string "bright"`)
}

// A broker answers for a whole request: the good records beside a refused one must arrive, and only that one is given up.
func TestABrokerThatRefusesABatchForOneRecord(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, kfake.SeedTopics(1, "JNU_1_rasp"))
	refuse := func(records int) bool { return records > 1 }
	controlProduce(cluster, func(batchRecords int) *kerr.Error {
		if refuse(batchRecords) {
			return kerr.MessageTooLarge
		}
		return nil
	})
	b := newBench(t, cluster.ListenAddrs(), nil)
	require.NoError(t, b.plugin.Write(readings("JNU", 5)))
	requireGapless(t, consume(t, cluster, "JNU_1_rasp", 5), 5)
	require.Empty(t, b.log.Errors())
}

func TestRecordsGivenUpForOneReasonAreLoggedOnce(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t)
	b := newBench(t, cluster.ListenAddrs(), nil)
	var metrics []telegraf.Metric
	for range 100 {
		metrics = append(metrics, metric.New("cpu", nil, map[string]any{"usage_idle": 99.0}, start))
	}
	require.NoError(t, b.plugin.Write(metrics))
	require.Len(t, b.log.Errors(), 2)
	require.Contains(t, b.log.Errors()[1], `99 more records are given up for the same reason: no topic for metric "cpu": tag "site" is missing or empty`)
}

// A record that the broker refuses is parked; the next one says so, and it is sent again when somebody asks for it.
func TestARefusedRecordIsParkedAndReplayed(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, kfake.SeedTopics(1, "JNU_1_rasp"))
	var refuse atomic.Bool
	refuse.Store(true)
	controlProduce(cluster, func(records int) *kerr.Error {
		if refuse.Load() && records == 1 {
			return kerr.MessageTooLarge
		}
		return nil
	})
	dir := t.TempDir()
	b := newDurable(t, cluster.ListenAddrs(), dir, nil)
	require.NoError(t, b.plugin.Write([]telegraf.Metric{reading("JNU", "pi", 0)}))
	require.Eventually(t, func() bool {
		return strings.Contains(strings.Join(b.log.Errors(), "\n"), `cannot be written and is parked: topic "JNU_1_rasp": kafka server: Message was too large`)
	}, 10*time.Second, time.Millisecond)
	require.EqualValues(t, 1, b.plugin.outbox.Stats().Parked)
	refuse.Store(false)
	require.NoError(t, b.plugin.Write([]telegraf.Metric{reading("JNU", "pi", 1)}))
	requireDrained(t, b)

	parked, err := outbox.ListParked(dir)
	require.NoError(t, err)
	require.Len(t, parked, 1)
	require.NoError(t, outbox.Replay(dir, parked[0].Name))
	b.plugin.tick()
	requireDrained(t, b)
	records := consume(t, cluster, "JNU_1_rasp", 2)
	require.Equal(t, []int{1, 0}, lights(t, records))
	require.Equal(t, "station-skipped", records[0].Headers[2].Key)
	require.Equal(t, "parked=1", string(records[0].Headers[2].Value))
	require.Equal(t, "3", string(records[1].Headers[1].Value))
}

// A metric without a topic is kept as it was, and tried with the options of later.
func TestAMetricWithoutATopicIsParkedAndReplayed(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t)
	dir := t.TempDir()
	b := newDurable(t, cluster.ListenAddrs(), dir, nil)
	untagged := reading("JNU", "pi", 7)
	untagged.RemoveTag("site")
	require.NoError(t, b.plugin.Write([]telegraf.Metric{untagged}))
	require.NoError(t, b.plugin.Close())
	parked, err := outbox.ListParked(dir)
	require.NoError(t, err)
	require.Len(t, parked, 1)
	require.Contains(t, parked[0].Reason, `tag "site" is missing or empty`)

	require.NoError(t, outbox.Replay(dir, parked[0].Name))
	same := newDurable(t, cluster.ListenAddrs(), dir, nil)
	same.plugin.tick()
	require.Contains(t, strings.Join(same.log.Errors(), "\n"), "still cannot be written and is parked again")
	require.NoError(t, same.plugin.Close())

	parked, err = outbox.ListParked(dir)
	require.NoError(t, err)
	require.NoError(t, outbox.Replay(dir, parked[0].Name))
	other := newDurable(t, cluster.ListenAddrs(), dir, func(k *KafkaSite) { k.Topic = "{type}" })
	other.plugin.tick()
	requireDrained(t, other)
	require.Equal(t, []int{7}, lights(t, consume(t, cluster, "rasp", 1)))
}
