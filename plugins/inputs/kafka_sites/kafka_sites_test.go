package kafka_sites

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/config"
	"github.com/influxdata/telegraf/plugins/inputs"
	_ "github.com/influxdata/telegraf/plugins/parsers/influx" // Telegraf looks for its default format even where data_format is not set
	"github.com/influxdata/telegraf/selfstat"
	"github.com/influxdata/telegraf/testutil"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/goleak"

	"github.com/telegraf-station/telegraf-station/plugins/parsers/station"
	"github.com/telegraf-station/telegraf-station/test/bed/process"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/telegraf-station/telegraf-station/plugins/inputs/kafka_sites.(*topicFinder).find"),           // of brokers that do not answer; bounded
		goleak.IgnoreAnyFunction("github.com/telegraf-station/telegraf-station/plugins/inputs/kafka_sites.(*KafkaSites).findUntil.func2"), // waits for it
		goleak.IgnoreTopFunction("github.com/awnumar/memguard/core.NewCoffer.func1"),                                                      // one a process, of Telegraf's secrets
		goleak.IgnoreTopFunction("github.com/rcrowley/go-metrics.(*meterArbiter).tick"))                                                   // one a process, of sarama's metrics
}

// newPlugin is a plugin with good options and, where the test says so, others.
func newPlugin(t *testing.T, change func(*KafkaSites)) *KafkaSites {
	t.Helper()
	plugin := inputs.Inputs["kafka_sites"]().(*KafkaSites)
	plugin.Brokers = []string{"127.0.0.1:1"}
	plugin.TopicRegexps = []string{"^[^_]+_[^_]+_[^_]+$"}
	plugin.TopicTag = "topic"
	plugin.Log = &testutil.CaptureLogger{}
	plugin.Statistics = selfstat.NewCollector(map[string]string{"test": t.TempDir()}) // counters are the process's, by their tags
	parser := &station.Parser{}
	require.NoError(t, parser.Init())
	plugin.SetParser(parser)
	if change != nil {
		change(plugin)
	}
	return plugin
}

func TestWrongOptions(t *testing.T) {
	require.NoError(t, newPlugin(t, nil).Init())
	for want, change := range map[string]func(*KafkaSites){
		`option "brokers" must be a list of host:port, e.g. ["kafka-1:9092"] (got "kafka-1")`:                                 func(k *KafkaSites) { k.Brokers = []string{"kafka-1"} },
		`option "topic_regexps" is missing: it says which topics are sites, e.g. topic_regexps = ["^[^_]+_[^_]+_[^_]+$"]`:     func(k *KafkaSites) { k.TopicRegexps = nil },
		"option \"topic_regexps\": error parsing regexp: missing closing ]: `[a` (got \"[a\")":                                func(k *KafkaSites) { k.TopicRegexps = []string{"[a"} },
		`option "topics" is not for this plugin: put ["JNU_1_rasp"] into topic_regexps`:                                       func(k *KafkaSites) { k.Topics = []string{"JNU_1_rasp"} },
		`option "refresh_interval" must be 1s or more (got 0s)`:                                                               func(k *KafkaSites) { k.RefreshInterval = 0 },
		`option "kafka_version" must be a Kafka version from 0.11.0.0 on, e.g. "2.8.0" (got "four")`:                          func(k *KafkaSites) { k.Version = "four" },
		`option "max_undelivered_messages" must be 1 or more, and less than the agent's metric_buffer_limit (got -1)`:         func(k *KafkaSites) { k.MaxUndeliveredMessages = -1 },
		`option "connection_strategy" is not for this plugin, which waits for the brokers by itself: remove it (got "defer")`: func(k *KafkaSites) { k.ConnectionStrategy = "defer" },
		`option "balance_strategy" must be "sticky", "roundrobin" or "range" (got "fair")`:                                    func(k *KafkaSites) { k.BalanceStrategy = "fair" },
		`option "offset" must be "oldest" or "newest" (got "middle")`:                                                         func(k *KafkaSites) { k.Offset = "middle" },
		`option "timestamp_source" must be "metric", "inner" or "outer" (got "now")`:                                          func(k *KafkaSites) { k.TimestampSource = "now" },
	} {
		t.Run(want, func(t *testing.T) { require.EqualError(t, newPlugin(t, change).Init(), want) })
	}
}

func TestSampleConfiguration(t *testing.T) {
	loader := config.NewConfig()
	require.NoError(t, loader.LoadConfigData([]byte(sampleConfig), config.EmptySourcePath))
	require.Len(t, loader.Inputs, 1)
	require.NoError(t, loader.Inputs[0].Input.(*KafkaSites).Init())
}

// bench is a running plugin whose metrics are delivered at once.
type bench struct {
	plugin *KafkaSites
	mu     sync.Mutex
	got    map[string][]int // light by topic
}

func newBench(t *testing.T, brokers []string) *bench {
	t.Helper()
	b := &bench{got: make(map[string][]int)}
	b.plugin = newPlugin(t, func(k *KafkaSites) { k.Brokers, k.RefreshInterval = brokers, config.Duration(time.Second) })
	require.NoError(t, b.plugin.Init())
	acc := &deliveringAccumulator{bench: b}
	require.NoError(t, b.plugin.Start(acc))
	t.Cleanup(b.plugin.Stop)
	return b
}

// deliveringAccumulator takes tracked metrics and reports them as delivered, as an output does that writes at once.
type deliveringAccumulator struct {
	testutil.Accumulator
	bench     *bench
	delivered chan telegraf.DeliveryInfo
	newest    telegraf.TrackingID
}

type done telegraf.TrackingID

func (d done) ID() telegraf.TrackingID { return telegraf.TrackingID(d) }
func (done) Delivered() bool           { return true }

func (a *deliveringAccumulator) WithTracking(maxTracked int) telegraf.TrackingAccumulator {
	return &deliveringAccumulator{bench: a.bench, delivered: make(chan telegraf.DeliveryInfo, maxTracked)}
}

func (a *deliveringAccumulator) AddTrackingMetric(m telegraf.Metric) telegraf.TrackingID {
	return a.AddTrackingMetricGroup([]telegraf.Metric{m})
}

func (a *deliveringAccumulator) AddTrackingMetricGroup(group []telegraf.Metric) telegraf.TrackingID {
	a.bench.mu.Lock()
	defer a.bench.mu.Unlock()
	for _, m := range group {
		topic, _ := m.GetTag("topic")
		light, _ := m.GetField("light")
		a.bench.got[topic] = append(a.bench.got[topic], int(light.(int64)))
	}
	a.newest++
	a.delivered <- done(a.newest)
	return a.newest
}

func (a *deliveringAccumulator) Delivered() <-chan telegraf.DeliveryInfo { return a.delivered }

func (b *bench) requireReceived(t *testing.T, topic string, n int) {
	t.Helper()
	want := make([]int, 0, n)
	for i := range n {
		want = append(want, i)
	}
	require.Eventually(t, func() bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		return slices.Equal(want, slices.Compact(slices.Sorted(slices.Values(b.got[topic]))))
	}, 30*time.Second, 20*time.Millisecond, "topic %s", topic)
}

func produce(t *testing.T, cluster *kfake.Cluster, topic string, from, to int) {
	t.Helper()
	if cluster.TopicInfo(topic) == nil {
		require.NoError(t, cluster.CreateTopic(topic, 1, nil))
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...))
	require.NoError(t, err)
	defer client.Close()
	for i := from; i < to; i++ {
		value := fmt.Sprintf(`{"device_id":"pi","status":0,"time":"2026-11-24T12:%02d:%02dZ","light":%d}`, i/60, i%60, i)
		record := &kgo.Record{Topic: topic, Key: []byte("pi"), Value: []byte(value)}
		require.NoError(t, client.ProduceSync(t.Context(), record).FirstErr())
	}
}

// The broker comes after the plugin, the topic after the broker, and the next site later still.
func TestBrokersAndTopicsMayComeLater(t *testing.T) {
	port, err := process.ReservePort()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, port.Release()) })
	b := newBench(t, []string{port.Address()})
	log := b.plugin.Log.(*testutil.CaptureLogger)
	require.Eventually(t, func() bool { return len(log.Errors()) == 1 }, 30*time.Second, 10*time.Millisecond)
	require.Contains(t, log.Errors()[0], "cannot connect to Kafka at "+port.Address())

	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.Ports(port.Number()))
	require.NoError(t, err)
	defer func() { b.plugin.Stop(); cluster.Close() }()
	require.Eventually(t, func() bool {
		return strings.Contains(fmt.Sprint(log.Messages()), "no topic matches topic_regexps yet: waiting for the first station")
	}, 30*time.Second, 10*time.Millisecond)
	require.Len(t, log.Errors(), 1, "logged once, however often it is tried again")

	produce(t, cluster, "JNU_1_rasp", 0, 50)
	produce(t, cluster, "no-site", 0, 1)
	b.requireReceived(t, "JNU_1_rasp", 50)
	produce(t, cluster, "GIST_1_rasp", 0, 50)
	produce(t, cluster, "JNU_1_rasp", 50, 60)
	b.requireReceived(t, "GIST_1_rasp", 50)
	b.requireReceived(t, "JNU_1_rasp", 60)
	b.mu.Lock()
	defer b.mu.Unlock()
	require.Len(t, b.got, 2)
}

func TestADeletedTopicIsDropped(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	require.NoError(t, err)
	produce(t, cluster, "JNU_1_rasp", 0, 5)
	produce(t, cluster, "GIST_1_rasp", 0, 5)
	b := newBench(t, cluster.ListenAddrs())
	defer func() { b.plugin.Stop(); cluster.Close() }()
	b.requireReceived(t, "JNU_1_rasp", 5)
	b.requireReceived(t, "GIST_1_rasp", 5)

	require.NoError(t, cluster.DeleteTopic("GIST_1_rasp"))
	require.Eventually(t, func() bool { return b.plugin.counters.topics.Get() == 1 && b.plugin.counters.starts.Get() == 2 }, 30*time.Second, 10*time.Millisecond)
	produce(t, cluster, "JNU_1_rasp", 5, 10)
	b.requireReceived(t, "JNU_1_rasp", 10)
	require.Nil(t, cluster.TopicInfo("GIST_1_rasp"))
}

func TestStopLeavesNoDescriptorOpen(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	require.NoError(t, err)
	defer cluster.Close()
	produce(t, cluster, "JNU_1_rasp", 0, 5)
	before, err := process.Descriptors()
	require.NoError(t, err)
	b := newBench(t, cluster.ListenAddrs())
	b.requireReceived(t, "JNU_1_rasp", 5)
	b.plugin.Stop()
	require.Eventually(t, func() bool { // the cluster, in this process too, notices a little later
		after, err := process.Descriptors()
		return err == nil && after <= before
	}, 10*time.Second, 10*time.Millisecond)
}

// A topic without a leader, one of ours or not, holds up no other.
func TestATopicWithoutALeader(t *testing.T) {
	for _, without := range []string{"GIST_1_rasp", "no-site"} {
		t.Run(without, func(t *testing.T) {
			cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
			require.NoError(t, err)
			produce(t, cluster, "JNU_1_rasp", 0, 5)
			produce(t, cluster, without, 0, 5)
			cluster.ControlKey(int16(kmsg.Metadata), func(request kmsg.Request) (kmsg.Response, error, bool) {
				cluster.KeepControl()
				return leaderless(cluster, request.(*kmsg.MetadataRequest), without), nil, true
			})
			b := newBench(t, cluster.ListenAddrs())
			defer func() { b.plugin.Stop(); cluster.Close() }()
			b.requireReceived(t, "JNU_1_rasp", 5)
		})
	}
}

func leaderless(cluster *kfake.Cluster, request *kmsg.MetadataRequest, without string) kmsg.Response {
	response := request.ResponseKind().(*kmsg.MetadataResponse)
	address := netip.MustParseAddrPort(cluster.ListenAddrs()[0])
	broker := kmsg.NewMetadataResponseBroker()
	broker.Host, broker.Port = address.Addr().String(), int32(address.Port())
	response.Brokers = append(response.Brokers, broker)
	names := []string{"JNU_1_rasp", without}
	if request.Topics != nil {
		names = nil
		for _, topic := range request.Topics {
			names = append(names, *topic.Topic)
		}
	}
	for _, name := range names {
		topic := kmsg.NewMetadataResponseTopic()
		topic.Topic = new(name)
		partition := kmsg.NewMetadataResponseTopicPartition()
		partition.Replicas, partition.ISR = []int32{0}, []int32{0}
		if name == without {
			partition.Leader, partition.ErrorCode = -1, kerr.LeaderNotAvailable.Code
		}
		topic.Partitions = append(topic.Partitions, partition)
		response.Topics = append(response.Topics, topic)
	}
	return response
}

// Stop does not wait for brokers that accept and do not answer, and what they cost is logged once.
func TestStopWhileBrokersDoNotAnswer(t *testing.T) {
	var addresses []string
	for range 3 {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, listener.Close()) })
		addresses = append(addresses, listener.Addr().String())
	}
	plugin := newPlugin(t, func(k *KafkaSites) { k.Brokers = addresses })
	require.NoError(t, plugin.Init())
	require.NoError(t, plugin.Start(&testutil.Accumulator{}))
	began := time.Now()
	plugin.Stop()
	require.Less(t, time.Since(began), 2*time.Second)
}

func TestATroubleThatLastsIsLoggedOnce(t *testing.T) {
	plugin := newPlugin(t, func(k *KafkaSites) {
		k.Brokers = []string{"127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"}
		k.RefreshInterval = config.Duration(time.Second)
	})
	require.NoError(t, plugin.Init())
	require.NoError(t, plugin.Start(&testutil.Accumulator{}))
	log := plugin.Log.(*testutil.CaptureLogger)
	require.Eventually(t, func() bool { return len(log.Errors()) > 0 }, 30*time.Second, 10*time.Millisecond)
	time.Sleep(3 * time.Second) // for three more tries
	plugin.Stop()
	require.Len(t, log.Errors(), 1)
	require.NotContains(t, log.Errors()[0], "\n")
}

func TestTopicsThatAreTheSame(t *testing.T) {
	require.True(t, topic{"a", "1"}.isSame(topic{"a", "1"}))
	require.True(t, topic{"a", ""}.isSame(topic{"a", "1"}))
	require.True(t, topic{"a", "1"}.isSame(topic{"a", ""}))
	require.False(t, topic{"a", "1"}.isSame(topic{"a", "2"}))
	require.False(t, topic{"a", "1"}.isSame(topic{"b", "1"}))
}
