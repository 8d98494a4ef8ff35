package kafka_site

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/config"
	"github.com/influxdata/telegraf/metric"
	"github.com/influxdata/telegraf/testutil"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/goleak"

	"github.com/telegraf-station/telegraf-station/test/process"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/eapache/go-resiliency/breaker.(*Breaker).timer"), // of sarama's; ends by itself after 10 s
		goleak.IgnoreTopFunction("github.com/awnumar/memguard/core.NewCoffer.func1"),          // one a process, of Telegraf's secrets
		goleak.IgnoreTopFunction("github.com/rcrowley/go-metrics.(*meterArbiter).tick"))       // one a process, of sarama's metrics
}

func newCluster(t *testing.T, opts ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	cluster, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(1)}, opts...)...)
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	return cluster
}

// bench is a plugin that writes to a cluster.
type bench struct {
	plugin *KafkaSite
	log    *testutil.CaptureLogger
}

func newBench(t *testing.T, brokers []string, change func(*KafkaSite)) *bench {
	t.Helper()
	b := &bench{log: &testutil.CaptureLogger{}}
	b.plugin = newPlugin(func(k *KafkaSite) {
		k.Brokers, k.ReplicationFactor, k.Log = brokers, 1, b.log
		if change != nil {
			change(k)
		}
	})
	require.NoError(t, b.plugin.Init())
	require.NoError(t, b.plugin.Connect())
	t.Cleanup(func() { require.NoError(t, b.plugin.Close()) })
	return b
}

var start = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// reading is the i-th metric of a device.
func reading(site, deviceID string, i int) telegraf.Metric {
	tags := map[string]string{"device_id": deviceID, "site": site, "index": "1", "type": "rasp"}
	fields := map[string]any{"status": int64(0), "lat": 35.17959, "lon": 126.90822, "light": int64(i % 1024), "temp": 26.0}
	return metric.New("environment", tags, fields, start.Add(time.Duration(i)*time.Second))
}

func readings(site string, n int) []telegraf.Metric {
	metrics := make([]telegraf.Metric, 0, n)
	for i := range n {
		metrics = append(metrics, reading(site, "pi", i))
	}
	return metrics
}

// consume returns the first n records of a topic, and looks that there are no more.
func consume(t *testing.T, cluster *kfake.Cluster, topic string, n int, opts ...kgo.Opt) []*kgo.Record {
	t.Helper()
	client, err := kgo.NewClient(append(opts, kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.ConsumeTopics(topic), kgo.FetchMaxWait(200*time.Millisecond))...)
	require.NoError(t, err)
	defer client.Close()
	var records []*kgo.Record
	for len(records) < n {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		fetches := client.PollFetches(ctx)
		cancel()
		require.NoError(t, fetches.Err())
		records = append(records, fetches.Records()...)
	}
	require.Len(t, records, n)
	var end int64
	for _, partition := range cluster.PartitionInfos(topic) {
		end += partition.HighWatermark
	}
	require.Equal(t, int64(n), end)
	return records
}

func lights(t *testing.T, records []*kgo.Record) []int {
	t.Helper()
	var all []int
	for _, record := range records {
		var value struct{ Light int }
		require.NoError(t, json.Unmarshal(record.Value, &value))
		all = append(all, value.Light)
	}
	return all
}

func TestARecord(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t)
	b := newBench(t, cluster.ListenAddrs(), func(k *KafkaSite) { k.Partitions = 4 })
	require.NoError(t, b.plugin.Write([]telegraf.Metric{reading("JNU", "pi", 7)}))
	record := consume(t, cluster, "JNU_1_rasp", 1)[0]
	require.JSONEq(t, `{"device_id":"pi","status":0,"time":"2026-11-24T12:00:07Z","lat":35.17959,"lon":126.90822,"temp":26.0,"light":7}`, string(record.Value))
	require.True(t, strings.HasSuffix(string(record.Value), `"temp":26.0,"light":7}`), "floats stay floats, no newline at the end: %q", record.Value)
	require.Equal(t, "pi", string(record.Key))
	require.Regexp(t, "^[0-9a-f]{16}$", string(record.Headers[0].Value))
	require.Equal(t, []kgo.RecordHeader{
		{Key: "station-epoch", Value: record.Headers[0].Value},
		{Key: "station-seq", Value: []byte("1")},
	}, record.Headers)
	require.WithinDuration(t, time.Now(), record.Timestamp, time.Minute, "of sending")
	require.Len(t, cluster.PartitionInfos("JNU_1_rasp"), 4)
	require.Contains(t, fmt.Sprint(b.log.Messages()), `Created topic "JNU_1_rasp" with 4 partition(s), replication factor 1`)
}

func TestOrderAndNumbersOfEachDevice(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t)
	b := newBench(t, cluster.ListenAddrs(), nil)
	var metrics []telegraf.Metric
	for i := range 300 {
		metrics = append(metrics, reading("JNU", "pi", i), reading("JNU", "second", i), reading("GIST", "pi", i))
	}
	require.NoError(t, b.plugin.Write(metrics[:450]))
	require.NoError(t, b.plugin.Write(metrics[450:]))
	requireGapless(t, consume(t, cluster, "JNU_1_rasp", 600), 300)
	requireGapless(t, consume(t, cluster, "GIST_1_rasp", 300), 300)
}

// requireGapless wants each device's records in order, numbered from 1 to n.
func requireGapless(t *testing.T, records []*kgo.Record, n int) {
	t.Helper()
	newest := make(map[string]int)
	for _, record := range records {
		key := string(record.Key)
		newest[key]++
		require.Equal(t, strconv.Itoa(newest[key]), string(record.Headers[1].Value))
		require.Equal(t, []int{(newest[key] - 1) % 1024}, lights(t, []*kgo.Record{record}))
	}
	for key, count := range newest {
		require.Equal(t, n, count, key)
	}
}

func TestTheBrokerMayBeAbsentAtFirst(t *testing.T) {
	t.Parallel()
	port, err := process.ReservePort()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, port.Release()) })
	b := newBench(t, []string{port.Address()}, func(k *KafkaSite) { k.WriteTimeout = config.Duration(time.Second) })
	metrics := readings("JNU", 3)
	began := time.Now()
	require.ErrorContains(t, b.plugin.Write(metrics), "cannot connect to Kafka at "+port.Address())
	require.Less(t, time.Since(began), 3*time.Second)
	cluster := newCluster(t, kfake.Ports(port.Number()))
	require.NoError(t, b.plugin.Write(metrics))
	require.NoError(t, b.plugin.Write([]telegraf.Metric{reading("JNU", "pi", 3)}))
	requireGapless(t, consume(t, cluster, "JNU_1_rasp", 4), 4)
}

func TestAMissingTopic(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, kfake.SeedTopics(1, "JNU_1_rasp"))
	b := newBench(t, cluster.ListenAddrs(), func(k *KafkaSite) { k.CreateTopics, k.WriteTimeout = false, config.Duration(time.Second) })
	metrics := []telegraf.Metric{reading("JNU", "pi", 0), reading("GIST", "pi", 0), reading("JNU", "pi", 1)}
	require.ErrorContains(t, b.plugin.Write(metrics),
		` records are not written yet: topic "GIST_1_rasp" does not exist: create it, or set create_topics = true`)
	requireGapless(t, consume(t, cluster, "JNU_1_rasp", 2), 2)
	require.Nil(t, cluster.TopicInfo("GIST_1_rasp"), "never by the broker's auto-creation")

	require.NoError(t, cluster.CreateTopic("GIST_1_rasp", 1, nil))
	require.NoError(t, b.plugin.Write(metrics))
	requireGapless(t, consume(t, cluster, "GIST_1_rasp", 1), 1)
	requireGapless(t, consume(t, cluster, "JNU_1_rasp", 2), 2) // not sent again
}

func TestAnotherStationMayCreateTheTopicFirst(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t)
	created := errors.New("was not asked for")
	cluster.ControlKey(int16(kmsg.CreateTopics), func(kmsg.Request) (kmsg.Response, error, bool) {
		cluster.SleepControl(func() { created = cluster.CreateTopic("JNU_1_rasp", 1, nil) })
		return nil, nil, false
	})
	b := newBench(t, cluster.ListenAddrs(), nil)
	require.NoError(t, b.plugin.Write(readings("JNU", 2)))
	require.NoError(t, created)
	requireGapless(t, consume(t, cluster, "JNU_1_rasp", 2), 2)
}

// Kafka's controller answers before it has told the brokers of a new topic.
func TestATopicThatNotEveryBrokerKnowsYet(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t)
	host, port, err := net.SplitHostPort(cluster.ListenAddrs()[0])
	require.NoError(t, err)
	self := kmsg.NewMetadataResponseBroker()
	self.Host = host
	number, err := strconv.ParseInt(port, 10, 32)
	require.NoError(t, err)
	self.Port = int32(number)
	var unknown atomic.Int32
	cluster.ControlKey(int16(kmsg.CreateTopics), func(kmsg.Request) (kmsg.Response, error, bool) {
		unknown.Store(3)
		return nil, nil, false
	})
	cluster.ControlKey(int16(kmsg.Metadata), func(request kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		asked, ok := request.(*kmsg.MetadataRequest)
		if !ok || len(asked.Topics) != 1 || unknown.Add(-1) < 0 {
			return nil, nil, false
		}
		response, ok := request.ResponseKind().(*kmsg.MetadataResponse)
		if !ok {
			return nil, nil, false
		}
		response.SetVersion(request.GetVersion())
		topic := kmsg.NewMetadataResponseTopic()
		topic.Topic, topic.ErrorCode = asked.Topics[0].Topic, kerr.UnknownTopicOrPartition.Code
		response.Topics = append(response.Topics, topic)
		response.Brokers = append(response.Brokers, self)
		return response, nil, true
	})
	b := newBench(t, cluster.ListenAddrs(), nil)
	require.NoError(t, b.plugin.Write(readings("JNU", 2)))
	requireGapless(t, consume(t, cluster, "JNU_1_rasp", 2), 2)
	require.Empty(t, b.log.Errors(), "that is no error")
	require.Negative(t, unknown.Load())
}

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

// controlProduce answers produce requests with the error that answer gives for a batch of so many records.
func controlProduce(cluster *kfake.Cluster, answer func(records int) *kerr.Error) {
	controlBatches(cluster, func(batch *kmsg.RecordBatch) *kerr.Error { return answer(int(batch.NumRecords)) })
}

// controlBatches does so by the batch. A refused batch's request is refused as a whole, its other batches as not tried.
func controlBatches(cluster *kfake.Cluster, answer func(*kmsg.RecordBatch) *kerr.Error) {
	cluster.ControlKey(int16(kmsg.Produce), func(request kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		produce := request.(*kmsg.ProduceRequest)
		response := produce.ResponseKind().(*kmsg.ProduceResponse)
		refused := false
		for _, topic := range produce.Topics {
			answered := kmsg.NewProduceResponseTopic()
			answered.Topic = topic.Topic
			for _, partition := range topic.Partitions {
				var batch kmsg.RecordBatch
				if err := batch.ReadFrom(partition.Records); err != nil {
					return nil, err, true
				}
				part := kmsg.NewProduceResponseTopicPartition()
				part.Partition, part.ErrorCode = partition.Partition, kerr.RequestTimedOut.Code
				if failure := answer(&batch); failure != nil {
					part.ErrorCode, refused = failure.Code, true
				}
				answered.Partitions = append(answered.Partitions, part)
			}
			response.Topics = append(response.Topics, answered)
		}
		return response, nil, refused
	})
}

// What Kafka acknowledged is not sent again when Telegraf hands over the whole batch again; the rest keeps its number and order.
func TestAfterAFailureOnlyTheRestIsSentAgain(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, kfake.SeedTopics(1, "JNU_1_rasp", "GIST_1_rasp"))
	denied := true
	cluster.ControlKey(int16(kmsg.Metadata), func(request kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		for _, topic := range request.(*kmsg.MetadataRequest).Topics {
			if denied && topic.Topic != nil && *topic.Topic == "GIST_1_rasp" {
				return refuseTopic(cluster, request.(*kmsg.MetadataRequest)), nil, true
			}
		}
		return nil, nil, false
	})
	b := newBench(t, cluster.ListenAddrs(), func(k *KafkaSite) { k.WriteTimeout = config.Duration(time.Second) })
	metrics := append(readings("JNU", 5), readings("GIST", 5)...)
	require.ErrorContains(t, b.plugin.Write(metrics), `topic "GIST_1_rasp": this user may not write to it: allow WRITE and DESCRIBE`)
	denied = false
	require.NoError(t, b.plugin.Write(append(metrics, reading("GIST", "pi", 5))))
	requireGapless(t, consume(t, cluster, "JNU_1_rasp", 5), 5)
	requireGapless(t, consume(t, cluster, "GIST_1_rasp", 6), 6)
}

func refuseTopic(cluster *kfake.Cluster, request *kmsg.MetadataRequest) *kmsg.MetadataResponse {
	response := request.ResponseKind().(*kmsg.MetadataResponse)
	for i, address := range cluster.ListenAddrs() {
		host, port, _ := net.SplitHostPort(address)
		number, _ := strconv.Atoi(port)
		broker := kmsg.NewMetadataResponseBroker()
		broker.NodeID, broker.Host, broker.Port = int32(i), host, int32(number)
		response.Brokers = append(response.Brokers, broker)
	}
	for _, topic := range request.Topics {
		refused := kmsg.NewMetadataResponseTopic()
		refused.Topic, refused.ErrorCode = topic.Topic, kerr.TopicAuthorizationFailed.Code
		response.Topics = append(response.Topics, refused)
	}
	return response
}

// newHangingCluster takes records only after release.
func newHangingCluster(t *testing.T) (cluster *kfake.Cluster, release func()) {
	t.Helper()
	cluster = newCluster(t, kfake.SeedTopics(1, "JNU_1_rasp"))
	hang := make(chan struct{})
	cluster.ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		cluster.SleepControl(func() { <-hang })
		return nil, nil, false
	})
	release = sync.OnceFunc(func() { close(hang) })
	t.Cleanup(release)
	return cluster, release
}

// A Write ends in time though Kafka does not answer; the records that were on their way are not sent a second time.
func TestAKafkaThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	cluster, release := newHangingCluster(t)
	b := newBench(t, cluster.ListenAddrs(), func(k *KafkaSite) { k.WriteTimeout = config.Duration(time.Second) })
	metrics := readings("JNU", 3)
	began := time.Now()
	require.ErrorContains(t, b.plugin.Write(metrics), "not acknowledged within write_timeout (1s)")
	require.Less(t, time.Since(began), 3*time.Second)
	release()
	require.NoError(t, b.plugin.Write(append(metrics, reading("JNU", "pi", 3))))
	requireGapless(t, consume(t, cluster, "JNU_1_rasp", 4), 4)
}

// Close ends in time though Kafka does not answer, and a second Close does no harm.
func TestCloseWhileKafkaDoesNotAnswer(t *testing.T) {
	t.Parallel()
	cluster, _ := newHangingCluster(t)
	b := newBench(t, cluster.ListenAddrs(), func(k *KafkaSite) { k.WriteTimeout = config.Duration(time.Second) })
	require.Error(t, b.plugin.Write(readings("JNU", 3)))
	began := time.Now()
	require.NoError(t, b.plugin.Close())
	require.Less(t, time.Since(began), closeTimeout)
	require.NoError(t, b.plugin.Close())
	require.ErrorContains(t, b.plugin.Write(readings("JNU", 3)), "closed")
}

func TestCloseLeavesNoDescriptorOpen(t *testing.T) {
	cluster := newCluster(t)
	before, err := process.Descriptors()
	require.NoError(t, err)
	b := newBench(t, cluster.ListenAddrs(), nil)
	require.NoError(t, b.plugin.Write(readings("JNU", 3)))
	require.NoError(t, b.plugin.Close())
	require.Eventually(t, func() bool { // the cluster, in this process too, notices a little later
		after, err := process.Descriptors()
		return err == nil && after == before
	}, 10*time.Second, 10*time.Millisecond)
}

// A request that fails in the middle of a batch does not let later records of its device overtake.
func TestOrderThroughAFailedRequest(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, kfake.SeedTopics(1, "JNU_1_rasp", "GIST_1_rasp"))
	requests := 0
	controlProduce(cluster, func(int) *kerr.Error {
		if requests++; requests%7 == 0 {
			return kerr.UnknownServerError // which sarama does not try again
		}
		return nil
	})
	b := newBench(t, cluster.ListenAddrs(), nil)
	var metrics []telegraf.Metric
	for i := range 20 {
		metrics = append(metrics, reading("JNU", "pi", i), reading("GIST", "pi", i))
	}
	require.NoError(t, b.plugin.Write(metrics))
	requireGapless(t, consume(t, cluster, "JNU_1_rasp", 20), 20)
	requireGapless(t, consume(t, cluster, "GIST_1_rasp", 20), 20)
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

func TestATopicThatIsDeletedIsNotCreatedAgain(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t)
	b := newBench(t, cluster.ListenAddrs(), func(k *KafkaSite) { k.WriteTimeout = config.Duration(3 * time.Second) })
	require.NoError(t, b.plugin.Write(readings("JNU", 1)))
	require.NoError(t, cluster.DeleteTopic("JNU_1_rasp"))
	require.Eventually(t, func() bool {
		err := b.plugin.Write([]telegraf.Metric{reading("JNU", "pi", 1)})
		return err != nil && strings.Contains(err.Error(), `topic "JNU_1_rasp" was deleted: create it, or restart Telegraf to have that done`)
	}, 2*time.Minute, time.Millisecond)
	require.Nil(t, cluster.TopicInfo("JNU_1_rasp"))
	require.NoError(t, cluster.CreateTopic("JNU_1_rasp", 1, nil))
	require.Eventually(t, func() bool { return b.plugin.Write([]telegraf.Metric{reading("JNU", "pi", 1)}) == nil }, 2*time.Minute, time.Millisecond)
	require.Equal(t, []int{1}, lights(t, consume(t, cluster, "JNU_1_rasp", 1)))
}
