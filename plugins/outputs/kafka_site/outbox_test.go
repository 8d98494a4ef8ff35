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
	"github.com/influxdata/telegraf/selfstat"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/telegraf-station/telegraf-station/test/bed/process"
)

func TestReadingsAreAcceptedWithoutKafka(t *testing.T) {
	t.Parallel()
	port, err := process.ReservePort()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, port.Release()) })
	dir := t.TempDir()
	b := newDurable(t, []string{port.Address()}, dir, nil)
	for i := range 10 {
		b.deliver(reading("JNU", "pi", i))
	}
	require.EqualValues(t, 10, pendingIn(b))
	require.Eventually(t, func() bool {
		return strings.Contains(strings.Join(b.log.Errors(), "\n"), "cannot connect to Kafka at "+port.Address())
	}, 10*time.Second, time.Millisecond)
	b.output.Close()

	cluster := newCluster(t, kfake.Ports(port.Number()))
	again := newDurable(t, []string{port.Address()}, dir, nil)
	again.deliver(reading("JNU", "pi", 10))
	requireDrained(t, again)
	requireGapless(t, consume(t, cluster, "JNU_1_rasp", 11), 11)
	require.Contains(t, fmt.Sprint(again.log.Messages()), "has 10 pending records")
}

// A reading on an idle line waits only for the disk and Kafka.
func TestAReadingIsSentImmediately(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t)
	b := newDurable(t, cluster.ListenAddrs(), t.TempDir(), nil)
	for i := range 5 {
		b.deliver(reading("JNU", "pi", i))
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
		b.deliver(metrics[:1000]...)
		metrics = metrics[1000:]
	}
	requireDrained(t, b)
	requireGapless(t, consume(t, cluster, "JNU_1_rasp", 10_000), 10_000)
	requireGapless(t, consume(t, cluster, "GIST_1_rasp", 10_000), 10_000)
	require.LessOrEqual(t, largest.Load(), int64(maxBatchRecords))
	require.Less(t, requests.Load(), int64(2000))
}

func TestOnFailureWritesNothingWhileKafkaAnswers(t *testing.T) {
	t.Parallel()
	port, err := process.ReservePort()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, port.Release()) })
	onFailure := func(k *KafkaSite) { k.Durability, k.lateAnswer = "on_failure", time.Minute } // a busy machine may take a second
	dir := t.TempDir()
	cluster := newCluster(t, kfake.Ports(port.Number()))
	b := newDurable(t, []string{port.Address()}, dir, onFailure)
	for i := range 20 {
		b.deliver(reading("JNU", "pi", i))
	}
	requireGapless(t, consume(t, cluster, "JNU_1_rasp", 20), 20)
	require.Empty(t, segments(t, dir))

	cluster.Close()
	b.deliver(readings("JNU", 3)...)
	require.EqualValues(t, 3, pendingIn(b))
	require.Len(t, segments(t, dir), 1)
	b.deliver(readings("JNU", 2)...)
	b.output.Close()

	cluster = newCluster(t, kfake.Ports(port.Number()))
	again := newDurable(t, []string{port.Address()}, dir, onFailure)
	requireDrained(t, again)
	records := consume(t, cluster, "JNU_1_rasp", 5)
	require.Equal(t, []int{0, 1, 2, 0, 1}, lights(t, records))
	require.Equal(t, "21", string(records[0].Headers[1].Value), "the numbers that they had")
	again.deliver(reading("JNU", "pi", 9))
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

func TestAnOutboxInUse(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t)
	dir := t.TempDir()
	first := newDurable(t, cluster.ListenAddrs(), dir, nil)
	second := newDurable(t, cluster.ListenAddrs(), dir, nil)
	require.Contains(t, strings.Join(second.log.Errors(), "\n"), "stop the other Telegraf, or give each its own outbox")
	second.deliver(readings("JNU", 2)...)
	requireGapless(t, consume(t, cluster, "JNU_1_rasp", 2), 2)
	first.output.Close()
	time.Sleep(2 * second.plugin.reopenInterval)
	second.deliver(reading("JNU", "pi", 2))
	require.True(t, second.plugin.outbox.IsOpen())
	requireDrained(t, second)
	require.Contains(t, fmt.Sprint(second.log.Messages()), "Outbox is open after ")
	requireEveryEpochGapless(t, cluster, "JNU_1_rasp", 3)
}

func TestAFileWhereTheOutboxShouldBe(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	cluster := newCluster(t)
	b := newDurable(t, cluster.ListenAddrs(), file, nil)
	require.Contains(t, strings.Join(b.log.Errors(), "\n"), "readings are in memory only until the outbox can be used")
	b.deliver(readings("JNU", 2)...)
	requireGapless(t, consume(t, cluster, "JNU_1_rasp", 2), 2)
}

// A tmpfs (such as /dev/shm), an overlay root, or the layer of a container does not survive a power cut.
func TestAnOutboxInMemoryIsReported(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t)
	dir, err := os.MkdirTemp("/dev/shm", "outbox") //nolint:usetesting // it is to be a tmpfs
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	b := newDurable(t, cluster.ListenAddrs(), dir, nil)
	require.Contains(t, fmt.Sprint(b.log.Warnings()), fmt.Sprintf("Outbox %q is on a file system of type tmpfs: a restart or a power cut can delete pending records", dir))
	b.deliver(reading("JNU", "pi", 0))
	requireDrained(t, b)
}

func TestAFullOutboxIsReported(t *testing.T) {
	t.Parallel()
	port, err := process.ReservePort()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, port.Release()) })
	full := func(policy string) *bench {
		return newDurable(t, []string{port.Address()}, t.TempDir(), func(k *KafkaSite) {
			k.OutboxMaxRecords, k.OnFull, k.Statistics = 100, policy, selfstat.NewCollector(map[string]string{"test": t.TempDir() + policy})
		})
	}
	b := full("block")
	b.deliver(readings("JNU", 100)...)
	b.output.Add(reading("JNU", "pi", 100))
	b.requireLogged("the outbox is full (100 records ")
	b = full("drop_newest")
	b.deliver(readings("JNU", 103)...)
	for i := range 20 {
		b.deliver(reading("JNU", "pi", i))
	}
	require.Equal(t, 1, strings.Count(fmt.Sprint(b.log.Messages()), "the newest records were dropped"), "one line, not one for each append")
	require.EqualValues(t, 23, b.plugin.counters.dropped.Get())
	b.output.Close()
	require.Contains(t, b.log.LastError(), "Outbox: dropped 1 record (23 since startup): the newest records were dropped: 100 records pending, limit 100; ")
	b = full("drop_oldest")
	b.deliver(readings("JNU", 100)...)
	b.deliver(reading("JNU", "pi", 100))
	require.Contains(t, strings.Join(b.log.Errors(), "\n"), "Outbox: dropped ")
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
		b.deliver(reading("JNU", "pi", i))
		requireDrained(t, b)
	}
	requireGapless(t, consume(t, cluster, "JNU_1_rasp", 5), 5)
	require.Len(t, identities, 2)
}

// Temporary errors of a partition are retried, in order.
func TestTemporaryErrors(t *testing.T) {
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
			b.deliver(metrics...)
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
	b.deliver(readings("JNU", 5)...)
	began := time.Now()
	b.output.Close()
	require.Less(t, time.Since(began), closeTimeout)
	release()
	again := newDurable(t, cluster.ListenAddrs(), dir, nil)
	requireDrained(t, again)
	require.Eventually(t, func() bool {
		var end int64
		for _, partition := range cluster.PartitionInfos("JNU_1_rasp") {
			end = partition.HighWatermark
		}
		return end == 5 || end == 10 // the batch in flight may arrive also
	}, 10*time.Second, time.Millisecond)
}
