package kafka_sites

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"sync"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/config"
	"github.com/influxdata/telegraf/metric"
	telegrafkafka "github.com/influxdata/telegraf/plugins/common/kafka"
	"github.com/influxdata/telegraf/plugins/inputs"
	"github.com/influxdata/telegraf/selfstat"
	"github.com/influxdata/telegraf/testutil"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/goleak"

	"github.com/telegraf-station/telegraf-station/plugins/parsers/station"
)

func TestMain(m *testing.M) {
	flag.Parse()
	_ = flag.Set("test.parallel", "8")      // the tests wait most of the time
	telegrafkafka.SetLogger(telegraf.Trace) // only its first call sets the logger of sarama: here, before the tests run in parallel
	sarama.Logger = log.New(io.Discard, "", 0)
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/telegraf-station/telegraf-station/plugins/inputs/kafka_sites.(*topicLister).list"), // waits for brokers that do not respond; bounded
		goleak.IgnoreTopFunction("github.com/awnumar/memguard/core.NewCoffer.func1"),                                            // one per process, for Telegraf's secrets
		goleak.IgnoreTopFunction("github.com/rcrowley/go-metrics.(*meterArbiter).tick"))                                         // one per process, for sarama's metrics
}

var start = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// newPlugin returns a plugin with valid options and those of the test.
func newPlugin(t *testing.T, change func(*KafkaSites)) *KafkaSites {
	t.Helper()
	plugin := inputs.Inputs["kafka_sites"]().(*KafkaSites)
	plugin.Brokers = []string{"127.0.0.1:1"}
	plugin.TopicRegexps = []string{"^[^_]+_[^_]+_[^_]+$"}
	plugin.TopicTag = "topic"
	plugin.Log = &testutil.CaptureLogger{}
	plugin.Statistics = selfstat.NewCollector(map[string]string{"test": t.TempDir()}) // counters with the same tags are shared by the process
	parser := &station.Parser{}
	require.NoError(t, parser.Init())
	plugin.SetParser(parser)
	if change != nil {
		change(plugin)
	}
	return plugin
}

// central is a running plugin. The test accepts or rejects each of its metrics.
type central struct {
	plugin  *KafkaSites
	log     *testutil.CaptureLogger
	metrics chan telegraf.Metric
	read    map[string]map[int64]bool // the values of light that read has accepted, by topic
	stop    func()
}

func newCentral(t *testing.T, cluster *kfake.Cluster, change func(*KafkaSites)) *central {
	t.Helper()
	return newCentralOf(t, cluster.ListenAddrs(), change)
}

func newCentralOf(t *testing.T, brokers []string, change func(*KafkaSites)) *central {
	t.Helper()
	c := &central{metrics: make(chan telegraf.Metric, 1000), read: make(map[string]map[int64]bool)}
	c.plugin = newPlugin(t, func(k *KafkaSites) {
		k.Brokers, k.OffsetTag, k.PartitionTag = brokers, "offset", "partition"
		if change != nil {
			change(k)
		}
	})
	c.log = c.plugin.Log.(*testutil.CaptureLogger)
	require.NoError(t, c.plugin.Init())
	c.plugin.shortenPauses()
	require.NoError(t, c.plugin.Start(&trackingAccumulator{Accumulator: &testutil.Accumulator{}, metrics: c.metrics}))
	c.stop = sync.OnceFunc(c.plugin.Stop)
	t.Cleanup(c.stop)
	return c
}

// shortenPauses makes the plugin react in a fraction of a second. An initialized plugin accepts a shorter refresh_interval than 1s.
func (k *KafkaSites) shortenPauses() {
	if k.RefreshInterval == config.Duration(30*time.Second) {
		k.RefreshInterval = config.Duration(50 * time.Millisecond)
	}
	k.retryInterval = 20 * time.Millisecond
	k.backoff.shortest = 50 * time.Millisecond
	k.config.Consumer.Offsets.AutoCommit.Interval = 20 * time.Millisecond
	k.config.Consumer.Group.Heartbeat.Interval = 50 * time.Millisecond
	k.config.Consumer.Group.Rebalance.Retry.Backoff = 50 * time.Millisecond
	k.config.Consumer.Retry.Backoff = 50 * time.Millisecond
	k.config.Consumer.MaxWaitTime = 50 * time.Millisecond
}

// trackingAccumulator tracks metrics as that of the agent does. Its channel panics when it is full.
type trackingAccumulator struct {
	*testutil.Accumulator
	metrics   chan<- telegraf.Metric
	delivered chan telegraf.DeliveryInfo
}

func (a *trackingAccumulator) WithTracking(maxTracked int) telegraf.TrackingAccumulator {
	return &trackingAccumulator{a.Accumulator, a.metrics, make(chan telegraf.DeliveryInfo, maxTracked)}
}

func (a *trackingAccumulator) AddTrackingMetric(m telegraf.Metric) telegraf.TrackingID {
	return a.AddTrackingMetricGroup([]telegraf.Metric{m})
}

func (a *trackingAccumulator) AddTrackingMetricGroup(group []telegraf.Metric) telegraf.TrackingID {
	tracked, id := metric.WithGroupTracking(group, func(info telegraf.DeliveryInfo) {
		select {
		case a.delivered <- info:
		default:
			panic("channel is full")
		}
	})
	for _, m := range tracked {
		a.metrics <- m
	}
	return id
}

func (a *trackingAccumulator) Delivered() <-chan telegraf.DeliveryInfo { return a.delivered }

// next returns the next n metrics.
func (c *central) next(t *testing.T, n int) []telegraf.Metric {
	t.Helper()
	metrics := make([]telegraf.Metric, 0, n)
	for len(metrics) < n {
		select {
		case m := <-c.metrics:
			metrics = append(metrics, m)
		case <-time.After(time.Minute):
			require.FailNow(t, "no more metrics", "%d of %d arrived; log: %q", len(metrics), n, c.log.Messages())
		}
	}
	return metrics
}

// acceptAll accepts metrics until those of the first n readings of a topic have arrived, which are numbered by their light.
func (c *central) acceptAll(t *testing.T, topic string, n int) {
	t.Helper()
	for len(c.read[topic]) < n {
		m := c.next(t, 1)[0]
		of, _ := m.GetTag("topic")
		light, _ := m.GetField("light")
		if c.read[of] == nil {
			c.read[of] = make(map[int64]bool)
		}
		c.read[of][light.(int64)] = true
		m.Accept()
	}
	for i := range n {
		require.True(t, c.read[topic][int64(i)], "reading %d", i)
	}
}

func accept(metrics ...telegraf.Metric) {
	for _, m := range metrics {
		m.Accept()
	}
}

// sources returns TOPIC/PARTITION/OFFSET of each metric.
func sources(metrics []telegraf.Metric) []string {
	texts := make([]string, 0, len(metrics))
	for _, m := range metrics {
		tags := m.Tags()
		texts = append(texts, fmt.Sprintf("%s/%s/%s", tags["topic"], tags["partition"], tags["offset"]))
	}
	return texts
}

func newCluster(t *testing.T, options ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	cluster, err := kfake.NewCluster(append(options, kfake.NumBrokers(1))...)
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	return cluster
}

func newClient(t *testing.T, cluster *kfake.Cluster, options ...kgo.Opt) *kgo.Client {
	t.Helper()
	client, err := kgo.NewClient(append(options, kgo.SeedBrokers(cluster.ListenAddrs()...))...)
	require.NoError(t, err)
	return client
}

// produce writes readings whose light is from, from+1, ... up to, but not including, to.
func newAdmin(t *testing.T, cluster *kfake.Cluster) *kadm.Client {
	t.Helper()
	client := newClient(t, cluster)
	t.Cleanup(client.Close)
	return kadm.NewClient(client)
}

func produce(t *testing.T, cluster *kfake.Cluster, topic string, from, to int) {
	t.Helper()
	if cluster.TopicInfo(topic) == nil {
		require.NoError(t, cluster.CreateTopic(topic, 1, nil))
	}
	var records []*kgo.Record
	for i := from; i < to; i++ {
		value := fmt.Sprintf(`{"device_id":"pi","status":0,"time":"2026-11-24T12:%02d:%02dZ","light":%d}`, i/60, i%60, i)
		records = append(records, &kgo.Record{Topic: topic, Key: []byte("pi"), Value: []byte(value)})
	}
	produceRecords(t, cluster, records...)
}

func produceText(t *testing.T, cluster *kfake.Cluster, topic, text string) {
	t.Helper()
	produceRecords(t, cluster, &kgo.Record{Topic: topic, Value: []byte(text)})
}

// produceReading writes a reading of a device to JNU_1_rasp, with the time at which it arrives in Kafka.
func produceReading(t *testing.T, cluster *kfake.Cluster, device string, partition int32, at time.Time, headers map[string]string) {
	t.Helper()
	value := fmt.Sprintf(`{"device_id":%q,"status":0,"time":"2026-11-24T12:00:00Z","light":0}`, device)
	r := &kgo.Record{Topic: "JNU_1_rasp", Partition: partition, Key: []byte(device), Value: []byte(value), Timestamp: at}
	for key, value := range headers {
		r.Headers = append(r.Headers, kgo.RecordHeader{Key: key, Value: []byte(value)})
	}
	produceRecords(t, cluster, r)
}

func produceRecords(t *testing.T, cluster *kfake.Cluster, records ...*kgo.Record) {
	t.Helper()
	client := newClient(t, cluster, kgo.RecordPartitioner(kgo.ManualPartitioner()))
	defer client.Close()
	require.NoError(t, client.ProduceSync(t.Context(), records...).FirstErr())
}

// committed returns the offset of the group in the only partition of a topic; -1 if there is none.
func committed(t *testing.T, cluster *kfake.Cluster, topic string) int64 {
	t.Helper()
	client := newClient(t, cluster)
	defer client.Close()
	request := kmsg.NewPtrOffsetFetchRequest()
	group := kmsg.NewOffsetFetchRequestGroup()
	group.Group = "telegraf-station"
	ofTopic := kmsg.NewOffsetFetchRequestGroupTopic()
	ofTopic.Topic, ofTopic.Partitions = topic, []int32{0}
	group.Topics = append(group.Topics, ofTopic)
	request.Groups = append(request.Groups, group)
	response, err := request.RequestWith(context.Background(), client)
	require.NoError(t, err)
	if len(response.Groups) == 0 || len(response.Groups[0].Topics) == 0 { // the group does not exist yet
		return -1
	}
	return response.Groups[0].Topics[0].Partitions[0].Offset
}

func requireCommitted(t *testing.T, cluster *kfake.Cluster, topic string, want int64) {
	t.Helper()
	require.Eventually(t, func() bool { return committed(t, cluster, topic) == want }, time.Minute, 20*time.Millisecond, "offset %d", want)
}
