package kafka_site

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/metric"
	"github.com/influxdata/telegraf/testutil"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/goleak"

	"github.com/telegraf-station/telegraf-station/test/bed/output"
)

func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", "16"); err != nil { // they wait for most of their time
		panic(err)
	}
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/eapache/go-resiliency/breaker.(*Breaker).timer"), // of sarama; ends on its own after 10 s
		goleak.IgnoreTopFunction("github.com/awnumar/memguard/core.NewCoffer.func1"),          // one per process, of Telegraf's secrets
		goleak.IgnoreTopFunction("github.com/rcrowley/go-metrics.(*meterArbiter).tick"),       // one per process, of sarama's metrics
		// If it is closed as soon as a request continues that SleepControl delayed, the embedded Kafka waits for its own lock indefinitely (seen).
		goleak.IgnoreAnyFunction("github.com/twmb/franz-go/pkg/kfake.(*Cluster).run"))
}

func newCluster(t *testing.T, opts ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	cluster, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(1)}, opts...)...)
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	return cluster
}

// bench is a plugin that Telegraf runs.
type bench struct {
	t      *testing.T
	plugin *KafkaSite
	output *output.Output
	log    *testutil.CaptureLogger
}

func newBench(t *testing.T, brokers []string, change func(*KafkaSite)) *bench {
	t.Helper()
	b := &bench{t: t, log: &testutil.CaptureLogger{}}
	b.plugin = newPlugin(func(k *KafkaSite) {
		k.Brokers, k.ReplicationFactor, k.tickInterval, k.reopenInterval = brokers, 1, 20*time.Millisecond, 20*time.Millisecond
		if change != nil {
			change(k)
		}
	})
	b.start()
	return b
}

func (b *bench) start() {
	b.t.Helper()
	statistics := b.plugin.Statistics
	var err error
	b.output, err = output.Start("kafka_site", b.plugin, 50*time.Millisecond, func() { b.plugin.Log, b.plugin.Statistics = b.log, statistics })
	require.NoError(b.t, err)
	b.t.Cleanup(b.output.Close)
}

// deliver waits until the plugin has accepted metrics.
func (b *bench) deliver(metrics ...telegraf.Metric) {
	b.t.Helper()
	require.NoError(b.t, b.output.Deliver(time.Minute, metrics...), "the log: %v", b.log.Messages())
}

// requireLogged waits until a text is logged.
func (b *bench) requireLogged(text string) {
	b.t.Helper()
	require.Eventually(b.t, func() bool { return strings.Contains(fmt.Sprint(b.log.Messages()), text) }, time.Minute, time.Millisecond, text)
}

// requireAccepted waits for the outcome of output.Send.
func requireAccepted(t *testing.T, outcome <-chan error) {
	t.Helper()
	select {
	case err := <-outcome:
		require.NoError(t, err)
	case <-time.After(time.Minute):
		require.FailNow(t, "the metrics were not accepted")
	}
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

// consumeAll returns all records of a topic.
func consumeAll(t *testing.T, cluster *kfake.Cluster, topic string) []*kgo.Record {
	t.Helper()
	var end int64
	for _, partition := range cluster.PartitionInfos(topic) {
		end += partition.HighWatermark
	}
	return consume(t, cluster, topic, int(end))
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

// newDurable returns a plugin with an outbox in dir.
func newDurable(t *testing.T, brokers []string, dir string, change func(*KafkaSite)) *bench {
	t.Helper()
	return newBench(t, brokers, func(k *KafkaSite) {
		k.Outbox = dir
		if change != nil {
			change(k)
		}
	})
}

func pendingIn(b *bench) int64 { return b.plugin.outbox.Stats().Pending }

func requireDrained(t *testing.T, b *bench) {
	t.Helper()
	require.Eventually(t, func() bool { return pendingIn(b) == 0 }, 30*time.Second, time.Millisecond)
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
