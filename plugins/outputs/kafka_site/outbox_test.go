package kafka_site

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
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
	"github.com/telegraf-station/telegraf-station/test/process"
)

// newDurable is a plugin with an outbox in dir.
func newDurable(t *testing.T, brokers []string, dir string, change func(*KafkaSite)) *bench {
	t.Helper()
	return newBench(t, brokers, func(k *KafkaSite) {
		k.Outbox = dir
		if change != nil {
			change(k)
		}
	})
}

func waitingIn(b *bench) int64 { return b.plugin.outbox.Stats().Waiting }

func requireDrained(t *testing.T, b *bench) {
	t.Helper()
	require.Eventually(t, func() bool { return waitingIn(b) == 0 }, 30*time.Second, time.Millisecond)
}

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

func TestAMissingTopicKeepsItsOwnRecordsOnly(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, kfake.SeedTopics(1, "JNU_1_rasp"))
	b := newDurable(t, cluster.ListenAddrs(), t.TempDir(), func(k *KafkaSite) { k.CreateTopics = false })
	for i := range 100 {
		require.NoError(t, b.plugin.Write([]telegraf.Metric{reading("GIST", "pi", i), reading("JNU", "pi", i)}))
	}
	require.Eventually(t, func() bool { return waitingIn(b) == 100 }, 30*time.Second, time.Millisecond)
	requireGapless(t, consume(t, cluster, "JNU_1_rasp", 100), 100)
	require.Nil(t, cluster.TopicInfo("GIST_1_rasp"))
	logged := strings.Join(b.log.Errors(), "\n")
	require.Equal(t, 1, strings.Count(logged, `topic "GIST_1_rasp" does not exist`), logged)
	require.NoError(t, cluster.CreateTopic("GIST_1_rasp", 1, nil))
	b.plugin.sender.hurry()
	requireDrained(t, b)
	requireGapless(t, consume(t, cluster, "GIST_1_rasp", 100), 100)
}

// One of 20 sites' topics is denied: 19 flow on.
func TestADeniedTopicKeepsItsOwnRecordsOnly(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t)
	var denied atomic.Bool
	denied.Store(true)
	cluster.ControlKey(int16(kmsg.Metadata), func(request kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		asked := request.(*kmsg.MetadataRequest)
		for _, topic := range asked.Topics {
			if denied.Load() && topic.Topic != nil && *topic.Topic == "site7_1_rasp" {
				return refuseTopic(cluster, asked), nil, true
			}
		}
		return nil, nil, false
	})
	b := newDurable(t, cluster.ListenAddrs(), t.TempDir(), nil)
	for i := range 20 {
		for site := range 20 {
			require.NoError(t, b.plugin.Write([]telegraf.Metric{reading(fmt.Sprintf("site%d", site), "pi", i)}))
		}
	}
	require.Eventually(t, func() bool { return waitingIn(b) == 20 }, 30*time.Second, time.Millisecond)
	require.Contains(t, strings.Join(b.log.Errors(), "\n"), `topic "site7_1_rasp": this user may not write to it: allow WRITE and DESCRIBE`)
	for site := range 20 {
		if site != 7 {
			requireGapless(t, consume(t, cluster, fmt.Sprintf("site%d_1_rasp", site), 20), 20)
		}
	}
	denied.Store(false)
	b.plugin.sender.hurry()
	requireDrained(t, b)
	requireGapless(t, consume(t, cluster, "site7_1_rasp", 20), 20)
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
	require.True(t, second.plugin.outbox.Attached())
	requireDrained(t, second)
	require.Contains(t, fmt.Sprint(second.log.Messages()), "The outbox is open after 1 tries that failed")
	requireEveryEpochGapless(t, cluster, "JNU_1_rasp", 3)
}

// requireEveryEpochGapless wants n records, numbered from 1 in each epoch.
func requireEveryEpochGapless(t *testing.T, cluster *kfake.Cluster, topic string, n int) {
	t.Helper()
	newest := make(map[string]int)
	for _, record := range consume(t, cluster, topic, n) {
		epoch := string(record.Headers[0].Value) + string(record.Key)
		newest[epoch]++
		require.Equal(t, strconv.Itoa(newest[epoch]), string(record.Headers[1].Value))
	}
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
