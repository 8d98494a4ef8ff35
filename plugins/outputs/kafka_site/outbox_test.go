package kafka_site

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/telegraf-station/telegraf-station/test/bed/process"
)

func TestWriteDoesNotWaitForKafka(t *testing.T) {
	t.Parallel()
	port, err := process.ReservePort()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, port.Release()) })
	dir := t.TempDir()
	b := newDurable(t, []string{port.Address()}, dir, nil)
	for i := range 10 {
		require.NoError(t, b.plugin.Write([]telegraf.Metric{reading("JNU", "pi", i)}))
	}
	require.EqualValues(t, 10, waitingIn(b))
	require.Eventually(t, func() bool {
		return strings.Contains(strings.Join(b.log.Errors(), "\n"), "cannot connect to Kafka at "+port.Address())
	}, 10*time.Second, time.Millisecond)
	require.NoError(t, b.plugin.Close())

	cluster := newCluster(t, kfake.Ports(port.Number()))
	again := newDurable(t, []string{port.Address()}, dir, nil)
	require.NoError(t, again.plugin.Write([]telegraf.Metric{reading("JNU", "pi", 10)}))
	requireDrained(t, again)
	requireGapless(t, consume(t, cluster, "JNU_1_rasp", 11), 11)
	require.Contains(t, fmt.Sprint(again.log.Messages()), "10 records wait in the outbox")
}

// A reading on an idle line does not wait for anything but the disk and Kafka.
func TestAReadingIsSentAsSoonAsItIsThere(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t)
	b := newDurable(t, cluster.ListenAddrs(), t.TempDir(), nil)
	for i := range 5 {
		require.NoError(t, b.plugin.Write([]telegraf.Metric{reading("JNU", "pi", i)}))
		requireDrained(t, b)
	}
	requireGapless(t, consume(t, cluster, "JNU_1_rasp", 5), 5)
}

func TestABacklogIsSentInBatches(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, kfake.SeedTopics(1, "JNU_1_rasp", "GIST_1_rasp"))
	var requests, largest atomic.Int64
	controlProduce(cluster, func(records int) *kerr.Error {
		requests.Add(1)
		largest.Store(max(largest.Load(), int64(records)))
		return nil
	})
	b := newDurable(t, cluster.ListenAddrs(), t.TempDir(), nil)
	var metrics []telegraf.Metric
	for i := range 10_000 {
		metrics = append(metrics, reading("JNU", "pi", i), reading("GIST", "pi", i))
	}
	for len(metrics) > 0 {
		require.NoError(t, b.plugin.Write(metrics[:1000]))
		metrics = metrics[1000:]
	}
	requireDrained(t, b)
	requireGapless(t, consume(t, cluster, "JNU_1_rasp", 10_000), 10_000)
	requireGapless(t, consume(t, cluster, "GIST_1_rasp", 10_000), 10_000)
	require.LessOrEqual(t, largest.Load(), int64(maxBatch))
	require.Less(t, requests.Load(), int64(2000))
}

func TestOnFailureLeavesTheDiskAloneWhileKafkaIsThere(t *testing.T) {
	t.Parallel()
	port, err := process.ReservePort()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, port.Release()) })
	onFailure := func(k *KafkaSite) { k.Durability = "on_failure" }
	dir := t.TempDir()
	cluster := newCluster(t, kfake.Ports(port.Number()))
	b := newDurable(t, []string{port.Address()}, dir, onFailure)
	for i := range 20 {
		require.NoError(t, b.plugin.Write([]telegraf.Metric{reading("JNU", "pi", i)}))
	}
	requireGapless(t, consume(t, cluster, "JNU_1_rasp", 20), 20)
	require.Empty(t, segments(t, dir))

	cluster.Close()
	require.NoError(t, b.plugin.Write(readings("JNU", 3)))
	require.EqualValues(t, 3, waitingIn(b))
	require.Len(t, segments(t, dir), 1)
	require.NoError(t, b.plugin.Write(readings("JNU", 2)))
	require.NoError(t, b.plugin.Close())

	cluster = newCluster(t, kfake.Ports(port.Number()))
	again := newDurable(t, []string{port.Address()}, dir, onFailure)
	requireDrained(t, again)
	records := consume(t, cluster, "JNU_1_rasp", 5)
	require.Equal(t, []int{0, 1, 2, 0, 1}, lights(t, records))
	require.Equal(t, "21", string(records[0].Headers[1].Value), "the numbers that they had")
	require.NoError(t, again.plugin.Write([]telegraf.Metric{reading("JNU", "pi", 9)}))
	record := consume(t, cluster, "JNU_1_rasp", 6)[5]
	require.Equal(t, "1", string(record.Headers[1].Value))
	require.Greater(t, string(record.Headers[0].Value), string(records[0].Headers[0].Value), "a new epoch: not all numbers of the last one are known")
}

func segments(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "log", "*.log"))
	require.NoError(t, err)
	return names
}

func TestAnOutboxThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t)
	dir := t.TempDir()
	first := newDurable(t, cluster.ListenAddrs(), dir, nil)
	second := newDurable(t, cluster.ListenAddrs(), dir, nil)
	require.Contains(t, strings.Join(second.log.Errors(), "\n"), "another Telegraf runs with this outbox; give each its own")
	require.NoError(t, second.plugin.Write(readings("JNU", 2)), "it delivers from memory")
	requireGapless(t, consume(t, cluster, "JNU_1_rasp", 2), 2)
	require.NoError(t, first.plugin.Close())
	second.plugin.attachAt = time.Time{}
	require.NoError(t, second.plugin.Write([]telegraf.Metric{reading("JNU", "pi", 2)}))
	require.True(t, second.plugin.outbox.IsOpen())
	requireDrained(t, second)
	require.Contains(t, fmt.Sprint(second.log.Messages()), "The outbox is open after 1 tries that failed")
	requireEveryEpochGapless(t, cluster, "JNU_1_rasp", 3)
}

func TestAFileWhereTheOutboxShouldBe(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	cluster := newCluster(t)
	b := newDurable(t, cluster.ListenAddrs(), file, nil)
	require.Contains(t, strings.Join(b.log.Errors(), "\n"), "readings are kept in memory only until it can be used")
	require.NoError(t, b.plugin.Write(readings("JNU", 2)))
	requireGapless(t, consume(t, cluster, "JNU_1_rasp", 2), 2)
}

// A tmpfs, as /dev/shm is, an overlay root or a container's own layer takes readings, but a power cut takes them away.
func TestAnOutboxInMemoryIsTold(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t)
	dir, err := os.MkdirTemp("/dev/shm", "outbox") //nolint:usetesting // it is to be a tmpfs
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	b := newDurable(t, cluster.ListenAddrs(), dir, nil)
	require.Contains(t, fmt.Sprint(b.log.Warnings()), fmt.Sprintf("The outbox %q is on a file system of kind tmpfs: readings that wait there may be gone", dir))
	require.NoError(t, b.plugin.Write([]telegraf.Metric{reading("JNU", "pi", 0)}))
	requireDrained(t, b)
}

func TestAFullOutboxIsTold(t *testing.T) {
	t.Parallel()
	port, err := process.ReservePort()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, port.Release()) })
	full := func(policy string) *bench {
		return newDurable(t, []string{port.Address()}, t.TempDir(), func(k *KafkaSite) { k.OutboxMaxRecords, k.OnFull = 100, policy })
	}
	b := full("block")
	require.NoError(t, b.plugin.Write(readings("JNU", 100)))
	require.ErrorContains(t, b.plugin.Write([]telegraf.Metric{reading("JNU", "pi", 100)}), "the outbox is full (100 records wait, of at most 100;")
	b = full("drop_newest")
	require.NoError(t, b.plugin.Write(readings("JNU", 103)))
	require.Contains(t, strings.Join(b.log.Errors(), "\n"), "Outbox: 3 record(s) are lost: the newest records were dropped, since 0 records wait, of at most 100")
	b = full("drop_oldest")
	require.NoError(t, b.plugin.Write(readings("JNU", 100)))
	require.NoError(t, b.plugin.Write([]telegraf.Metric{reading("JNU", "pi", 100)}))
	require.Contains(t, strings.Join(b.log.Errors(), "\n"), "the oldest records were dropped")
	require.Positive(t, b.plugin.counters.dropped.Get())
}

// The broker forgets a producer; the records arrive under a new identity.
func TestAForgottenProducer(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, kfake.SeedTopics(1, "JNU_1_rasp"))
	identities := make(map[int64]bool)
	requests := 0
	controlBatches(cluster, func(batch *kmsg.RecordBatch) *kerr.Error {
		identities[batch.ProducerID] = true
		if requests++; requests == 3 {
			return kerr.UnknownProducerID
		}
		return nil
	})
	b := newDurable(t, cluster.ListenAddrs(), t.TempDir(), nil)
	for i := range 5 {
		require.NoError(t, b.plugin.Write([]telegraf.Metric{reading("JNU", "pi", i)}))
		requireDrained(t, b)
	}
	requireGapless(t, consume(t, cluster, "JNU_1_rasp", 5), 5)
	require.Len(t, identities, 2)
}

// What a broker says about a partition for a while is waited out, in order.
func TestPassingErrors(t *testing.T) {
	t.Parallel()
	for _, failure := range []*kerr.Error{
		kerr.NotLeaderForPartition, kerr.LeaderNotAvailable, kerr.NotEnoughReplicas, kerr.NotEnoughReplicasAfterAppend, kerr.RequestTimedOut,
		kerr.KafkaStorageError, kerr.UnknownServerError, kerr.UnknownTopicOrPartition, kerr.OutOfOrderSequenceNumber,
	} {
		t.Run(failure.Message, func(t *testing.T) {
			t.Parallel()
			cluster := newCluster(t, kfake.SeedTopics(3, "JNU_1_rasp"))
			requests := 0
			controlProduce(cluster, func(int) *kerr.Error {
				if requests++; requests%4 == 1 {
					return failure
				}
				return nil
			})
			b := newDurable(t, cluster.ListenAddrs(), t.TempDir(), nil)
			var metrics []telegraf.Metric
			for i := range 50 {
				metrics = append(metrics, reading("JNU", "pi", i), reading("JNU", "second", i), reading("JNU", "third", i))
			}
			require.NoError(t, b.plugin.Write(metrics))
			requireDrained(t, b)
			requireGapless(t, consume(t, cluster, "JNU_1_rasp", 150), 50)
		})
	}
}

func TestCloseLeavesTheRestOnDisk(t *testing.T) {
	t.Parallel()
	cluster, release := newHangingCluster(t)
	dir := t.TempDir()
	b := newDurable(t, cluster.ListenAddrs(), dir, nil)
	require.NoError(t, b.plugin.Write(readings("JNU", 5)))
	began := time.Now()
	require.NoError(t, b.plugin.Close())
	require.Less(t, time.Since(began), closeTimeout)
	release()
	again := newDurable(t, cluster.ListenAddrs(), dir, nil)
	requireDrained(t, again)
	require.Eventually(t, func() bool {
		var end int64
		for _, partition := range cluster.PartitionInfos("JNU_1_rasp") {
			end = partition.HighWatermark
		}
		return end == 5 || end == 10 // the batch that was on its way may arrive besides
	}, 10*time.Second, time.Millisecond)
}
