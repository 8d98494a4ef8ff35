package kafka_site

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/metric"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/telegraf-station/telegraf-station/internal/outbox"
	"github.com/telegraf-station/telegraf-station/internal/record"
)

func TestOneBadRecordDoesNotBlockOthers(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t)
	b := newBench(t, cluster.ListenAddrs(), func(k *KafkaSite) { k.MaxMessageBytes, k.UnknownFields = 2048, "keep" })
	large := reading("JNU", "pi", 1)
	large.AddField("note", strings.Repeat("x", 4096))
	untagged := reading("JNU", "pi", 2)
	untagged.RemoveTag("site")
	unserializable := reading("JNU", "pi", 3)
	unserializable.AddField("light", "bright")
	b.deliver(reading("JNU", "pi", 0), large, untagged, unserializable, reading("JNU", "pi", 4))

	records := consume(t, cluster, "JNU_1_rasp", 2)
	require.Equal(t, []int{0, 4}, lights(t, records))
	require.Equal(t, "2", string(records[1].Headers[1].Value), "a record that is never sent has no number")
	logged := strings.Join(b.log.Errors(), "\n")
	require.Len(t, b.log.Errors(), 3, logged)
	require.Contains(t, logged, `Record of device "pi" at 2026-11-24T12:00:01Z cannot be written and was dropped: 4420 bytes are more than max_message_bytes (2048): "{\"device_id\"`)
	require.Contains(t, logged, `was dropped: no topic for metric "environment": tag "site" is missing or empty`)
	require.Contains(t, logged, `was dropped: metric "environment" is not a record of schema "environment": field "light" must be a number, not the string "bright"`)
}

// A broker answers for a whole batch: the good records next to a rejected one must arrive.
func TestABrokerThatRejectsABatchForOneRecord(t *testing.T) {
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
	b.deliver(readings("JNU", 5)...)
	requireGapless(t, consume(t, cluster, "JNU_1_rasp", 5), 5)
	require.Empty(t, b.log.Errors())
}

func TestRecordsRejectedForOneReasonAreLoggedOnce(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t)
	b := newBench(t, cluster.ListenAddrs(), nil)
	var metrics []telegraf.Metric
	for range 100 {
		metrics = append(metrics, metric.New("cpu", nil, map[string]any{"usage_idle": 99.0}, start))
	}
	b.deliver(metrics...)
	require.Len(t, b.log.Errors(), 1)
	require.Contains(t, b.log.Errors()[0], `cannot be written and was dropped: no topic for metric "cpu": tag "site" is missing or empty`)
}

// A record that the broker rejects is parked. The next one reports that. It is sent again when an operator requests it.
func TestARejectedRecordIsParkedAndReplayed(t *testing.T) {
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
	b.deliver(reading("JNU", "pi", 0))
	require.Eventually(t, func() bool {
		return strings.Contains(strings.Join(b.log.Errors(), "\n"), `cannot be written and was parked: topic "JNU_1_rasp": kafka server: Message was too large`)
	}, 10*time.Second, time.Millisecond)
	require.EqualValues(t, 1, b.plugin.outbox.Stats().Parked)
	refuse.Store(false)
	b.deliver(reading("JNU", "pi", 1))
	requireDrained(t, b)

	parked, err := outbox.ListParked(dir)
	require.NoError(t, err)
	require.Len(t, parked, 1)
	require.NoError(t, outbox.Replay(dir, parked[0].Name))
	requireDrained(t, b)
	records := consume(t, cluster, "JNU_1_rasp", 2)
	require.Equal(t, []int{1, 0}, lights(t, records))
	require.Equal(t, "station-skipped", records[0].Headers[2].Key)
	require.Equal(t, "parked=1", string(records[0].Headers[2].Value))
	require.Equal(t, "1", string(records[1].Headers[1].Value), "it keeps its number, so that none is missing")
}

// A metric without a topic is parked as a metric, and replayed with the options at that time.
func TestAMetricWithoutATopicIsParkedAndReplayed(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t)
	dir := t.TempDir()
	b := newDurable(t, cluster.ListenAddrs(), dir, nil)
	untagged := reading("JNU", "pi", 7)
	untagged.RemoveTag("site")
	b.deliver(untagged)
	b.output.Close()
	parked, err := outbox.ListParked(dir)
	require.NoError(t, err)
	require.Len(t, parked, 1)
	require.Contains(t, parked[0].Reason, `tag "site" is missing or empty`)

	require.NoError(t, outbox.Replay(dir, parked[0].Name))
	same := newDurable(t, cluster.ListenAddrs(), dir, nil)
	same.requireLogged("still cannot be written and was parked again")
	same.output.Close()

	parked, err = outbox.ListParked(dir)
	require.NoError(t, err)
	require.NoError(t, outbox.Replay(dir, parked[0].Name))
	other := newDurable(t, cluster.ListenAddrs(), dir, func(k *KafkaSite) { k.Topic = "{type}" })
	other.requireLogged("Sending parked record")
	requireDrained(t, other)
	require.Equal(t, []int{7}, lights(t, consume(t, cluster, "rasp", 1)))
}

// A topic that allows no large records neither parks good readings for the numbers that they list, nor keeps these numbers back for good.
func TestSkippedNumbersMakeNoRecordTooLarge(t *testing.T) {
	t.Parallel()
	const pairs, limit = 150, 600
	cluster := newCluster(t, kfake.SeedTopics(1, "JNU_1_rasp"))
	controlBatches(cluster, func(batch *kmsg.RecordBatch) *kerr.Error {
		if batch.Length > limit {
			return kerr.MessageTooLarge
		}
		return nil
	})
	dir := t.TempDir()
	b := newDurable(t, cluster.ListenAddrs(), dir, func(k *KafkaSite) { k.UnknownFields, k.CompressionCodec = "keep", 0 })
	var metrics []telegraf.Metric
	for i := range pairs {
		bad := reading("JNU", "pi", 2*i)
		bad.AddField("note", strings.Repeat("x", limit))
		metrics = append(metrics, bad, reading("JNU", "pi", 2*i+1))
	}
	b.deliver(metrics...)
	requireDrained(t, b)
	for i := range 10 { // the numbers that are left to list
		b.deliver(reading("JNU", "pi", 2*pairs+i))
	}
	requireDrained(t, b)

	require.EqualValues(t, pairs, b.plugin.outbox.Stats().Parked)
	var skipped record.RangeSet
	records := consumeAll(t, cluster, "JNU_1_rasp")
	require.Len(t, records, pairs+10)
	for _, r := range records {
		for _, header := range r.Headers {
			if header.Key == record.HeaderSkipped {
				listed, err := record.ParseSkipped(string(header.Value))
				require.NoError(t, err)
				for _, numbers := range listed.Parked {
					skipped.Add(numbers)
				}
			}
		}
	}
	require.EqualValues(t, pairs, skipped.Count(record.Range{From: 1, To: 2 * pairs}))
	require.NotContains(t, fmt.Sprint(b.log.Warnings()), "stationctl audit reports these numbers as lost")
	require.Less(t, len(b.log.Messages()), 20, "one line for each kind of problem")
}
