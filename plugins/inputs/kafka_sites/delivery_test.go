package kafka_sites

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/config"
	"github.com/influxdata/telegraf/metric"
	"github.com/influxdata/telegraf/testutil"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// central Telegraf is a running plugin on Telegraf's own accumulator. What becomes of each metric is the test's to say.
type central struct {
	plugin  *KafkaSites
	log     *testutil.CaptureLogger
	metrics chan telegraf.Metric
	stop    func()
}

func newCentral(t *testing.T, cluster *kfake.Cluster, change func(*KafkaSites)) *central {
	t.Helper()
	return newCentralOf(t, cluster.ListenAddrs(), change)
}

func newCentralOf(t *testing.T, brokers []string, change func(*KafkaSites)) *central {
	t.Helper()
	c := &central{metrics: make(chan telegraf.Metric, 1000)}
	c.plugin = newPlugin(t, func(k *KafkaSites) {
		k.Brokers, k.RefreshInterval = brokers, config.Duration(time.Second)
		k.OffsetTag, k.PartitionTag = "offset", "partition"
		if change != nil {
			change(k)
		}
	})
	c.log = c.plugin.Log.(*testutil.CaptureLogger)
	require.NoError(t, c.plugin.Init())
	require.NoError(t, c.plugin.Start(&trackingAccumulator{Accumulator: &testutil.Accumulator{}, log: c.log, metrics: c.metrics}))
	c.stop = sync.OnceFunc(c.plugin.Stop)
	t.Cleanup(c.stop)
	return c
}

// trackingAccumulator is the agent's, without the agent: the same tracking, and a channel that panics when it is full.
type trackingAccumulator struct {
	*testutil.Accumulator
	log       telegraf.Logger
	metrics   chan<- telegraf.Metric
	delivered chan telegraf.DeliveryInfo
}

func (a *trackingAccumulator) AddError(err error) { a.log.Errorf("Error in plugin: %v", err) }

func (a *trackingAccumulator) WithTracking(maxTracked int) telegraf.TrackingAccumulator {
	return &trackingAccumulator{a.Accumulator, a.log, a.metrics, make(chan telegraf.DeliveryInfo, maxTracked)}
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

func newCluster(t *testing.T, options ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	cluster, err := kfake.NewCluster(append(options, kfake.NumBrokers(1))...)
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	return cluster
}

// next is the next n metrics.
func (c *central) next(t *testing.T, n int) []telegraf.Metric {
	t.Helper()
	metrics := make([]telegraf.Metric, 0, n)
	for len(metrics) < n {
		select {
		case m := <-c.metrics:
			metrics = append(metrics, m)
		case <-time.After(30 * time.Second):
			require.FailNow(t, "no more metrics", "%d of %d came", len(metrics), n)
		}
	}
	return metrics
}

func accept(metrics ...telegraf.Metric) {
	for _, m := range metrics {
		m.Accept()
	}
}

func places(metrics []telegraf.Metric) []string {
	texts := make([]string, 0, len(metrics))
	for _, m := range metrics {
		tags := m.Tags()
		texts = append(texts, fmt.Sprintf("%s/%s/%s", tags["topic"], tags["partition"], tags["offset"]))
	}
	return texts
}

// committed is the group's offset of a topic's only partition; -1 is none.
func committed(t *testing.T, cluster *kfake.Cluster, topic string) int64 {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...))
	require.NoError(t, err)
	defer client.Close()
	request := kmsg.NewPtrOffsetFetchRequest()
	request.Group = "telegraf-station"
	group := kmsg.NewOffsetFetchRequestGroup()
	group.Group = request.Group
	asked := kmsg.NewOffsetFetchRequestTopic()
	asked.Topic, asked.Partitions = topic, []int32{0}
	request.Topics = append(request.Topics, asked)
	askedOfGroup := kmsg.NewOffsetFetchRequestGroupTopic()
	askedOfGroup.Topic, askedOfGroup.Partitions = topic, []int32{0}
	group.Topics = append(group.Topics, askedOfGroup)
	request.Groups = append(request.Groups, group)
	response, err := request.RequestWith(context.Background(), client)
	require.NoError(t, err)
	if len(response.Groups) > 0 {
		return response.Groups[0].Topics[0].Partitions[0].Offset
	}
	return response.Topics[0].Partitions[0].Offset
}

func requireCommitted(t *testing.T, cluster *kfake.Cluster, topic string, want int64) {
	t.Helper()
	require.Eventually(t, func() bool { return committed(t, cluster, topic) == want }, 30*time.Second, 20*time.Millisecond, "offset %d", want)
}

func produceText(t *testing.T, cluster *kfake.Cluster, topic, text string) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...))
	require.NoError(t, err)
	defer client.Close()
	require.NoError(t, client.ProduceSync(t.Context(), &kgo.Record{Topic: topic, Value: []byte(text)}).FirstErr())
}

func TestOffsetsAreCommittedInOrderAndAfterDelivery(t *testing.T) {
	cluster := newCluster(t)
	produce(t, cluster, "JNU_1_rasp", 0, 6)
	c := newCentral(t, cluster, nil)
	metrics := c.next(t, 6)
	require.Equal(t, []string{
		"JNU_1_rasp/0/0", "JNU_1_rasp/0/1", "JNU_1_rasp/0/2", "JNU_1_rasp/0/3", "JNU_1_rasp/0/4", "JNU_1_rasp/0/5",
	}, places(metrics))

	accept(metrics[0], metrics[1], metrics[3])
	requireCommitted(t, cluster, "JNU_1_rasp", 2)
	metrics[2].Drop() // a processor filtered it: that is no rejection
	requireCommitted(t, cluster, "JNU_1_rasp", 4)
	accept(metrics[5])
	c.stop()
	require.EqualValues(t, 4, committed(t, cluster, "JNU_1_rasp"), "record 4 is not delivered")

	again := newCentral(t, cluster, nil)
	require.Equal(t, []string{"JNU_1_rasp/0/4", "JNU_1_rasp/0/5"}, places(again.next(t, 2)))
}

// kafka_consumer commits it at once, and with it all records before it that InfluxDB does not have.
func TestAnUnparsableRecordWaitsForThoseBeforeIt(t *testing.T) {
	cluster := newCluster(t)
	produce(t, cluster, "JNU_1_rasp", 0, 2)
	produceText(t, cluster, "JNU_1_rasp", "no record")
	produceText(t, cluster, "JNU_1_rasp", `{"far":"too long, but for the limit of this test, which is as long as a record is and not one byte longer than that"}`)
	produce(t, cluster, "JNU_1_rasp", 2, 3)
	c := newCentral(t, cluster, func(k *KafkaSites) { k.MaxMessageLen = 100 })
	metrics := c.next(t, 3)
	accept(metrics[0])
	requireCommitted(t, cluster, "JNU_1_rasp", 1)
	accept(metrics[2])
	c.stop()
	require.EqualValues(t, 1, committed(t, cluster, "JNU_1_rasp"))
	require.EqualValues(t, 2, c.plugin.counters.unparsable.Get())
	require.Contains(t, c.log.Errors()[0], `record of topic JNU_1_rasp, partition 0, offset 2 passed over: not a record of schema "environment"`)
	require.Contains(t, c.log.Errors()[1], "record of topic JNU_1_rasp, partition 0, offset 3 passed over: message exceeds max_message_len (actual 117, max 100)")

	again := newCentral(t, cluster, nil)
	accept(again.next(t, 2)...)
	requireCommitted(t, cluster, "JNU_1_rasp", 5)
}

func TestARejectedRecordIsReadAgain(t *testing.T) {
	cluster := newCluster(t)
	produce(t, cluster, "JNU_1_rasp", 0, 3)
	produce(t, cluster, "GIST_1_rasp", 0, 1)
	c := newCentral(t, cluster, nil)
	for _, m := range c.next(t, 4) {
		if places([]telegraf.Metric{m})[0] == "JNU_1_rasp/0/1" {
			m.Reject()
		} else {
			m.Accept()
		}
	}
	requireCommitted(t, cluster, "GIST_1_rasp", 1)
	requireCommitted(t, cluster, "JNU_1_rasp", 1)
	metrics := c.next(t, 2)
	require.Equal(t, []string{"JNU_1_rasp/0/1", "JNU_1_rasp/0/2"}, places(metrics))
	metrics[0].Reject() // again
	metrics[1].Reject()
	metrics = c.next(t, 2)
	require.Equal(t, []string{"JNU_1_rasp/0/1", "JNU_1_rasp/0/2"}, places(metrics))
	accept(metrics...)
	requireCommitted(t, cluster, "JNU_1_rasp", 3)
	require.EqualValues(t, 2, c.plugin.counters.rejected.Get())
	require.Len(t, c.log.Errors(), 1, "logged once a row")
	require.Contains(t, c.log.Errors()[0],
		"Going back to the committed offsets in 1s, with ")
	require.Contains(t, c.log.Errors()[0], " because the outputs dropped the record of topic JNU_1_rasp, partition 0, offset 1;")
}

func TestPausesGrowAndBeginAnew(t *testing.T) {
	var s setbacks
	now := time.Now()
	for _, want := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
		require.Equal(t, want*time.Second, s.next(now))
		now = now.Add(s.pause + time.Second)
	}
	require.False(t, s.areOver(now))
	require.True(t, s.areOver(now.Add(3*longestPause)))
	require.False(t, s.areOver(now.Add(3*longestPause)), "told once")
	require.Equal(t, firstPause, s.next(now.Add(6*longestPause)))
}

// An output's buffer that is smaller than the limit drops what it has longest. All arrives nevertheless, soon in smaller portions.
func TestABufferThatIsTooSmall(t *testing.T) {
	cluster := newCluster(t)
	produce(t, cluster, "JNU_1_rasp", 0, 600)
	c := newCentral(t, cluster, func(k *KafkaSites) { k.MaxUndeliveredMessages = 400 })
	seen := map[string]bool{}
	for begin := time.Now(); len(seen) < 600 && time.Since(begin) < time.Minute; {
		buffer := c.waiting()
		for len(buffer) > 120 {
			buffer[0].Reject()
			buffer = buffer[1:]
		}
		for i, place := range places(buffer) {
			seen[place] = true
			buffer[i].Accept()
		}
	}
	require.Len(t, seen, 600)
	requireCommitted(t, cluster, "JNU_1_rasp", 600)
}

// waiting is what comes until nothing does for a moment, as in an output that writes at intervals.
func (c *central) waiting() (metrics []telegraf.Metric) {
	for {
		select {
		case m := <-c.metrics:
			metrics = append(metrics, m)
		case <-time.After(300 * time.Millisecond):
			return metrics
		}
	}
}

func TestTheLimitShrinksAndGrows(t *testing.T) {
	d := newDeliveries(&trackingAccumulator{Accumulator: &testutil.Accumulator{}}, 1600)
	for id := range 800 {
		require.True(t, d.reserve(t.Context()))
		d.underWay[telegraf.TrackingID(id)] = &pendingRecord{}
	}
	d.take(0)
	require.Equal(t, 400, d.shrink())
	require.Len(t, d.slots, 1600, "no slot is free")
	d.release()
	for id := 1; id < 800; id++ {
		d.take(telegraf.TrackingID(id))
		d.release()
	}
	require.Len(t, d.slots, 1200)
	require.Equal(t, fewest, d.shrink())
	require.Len(t, d.slots, 1500)
	require.Equal(t, fewest, d.shrink())
	for _, want := range []int{750, 375, 187, 93, 46, 23, 11, 5, 2, 1, 0, 0} {
		d.grow()
		require.Len(t, d.slots, want)
	}
}

func TestStopCommitsWhatWasDelivered(t *testing.T) {
	cluster := newCluster(t)
	produce(t, cluster, "JNU_1_rasp", 0, 6)
	c := newCentral(t, cluster, nil)
	accept(c.next(t, 6)...)
	c.stop()
	require.EqualValues(t, 6, committed(t, cluster, "JNU_1_rasp"))
}

// What an ended session left in the outputs' buffers counts: however many sessions there are, no more than the limit is under way.
func TestTheLimitHoldsAcrossSessions(t *testing.T) {
	cluster := newCluster(t)
	produce(t, cluster, "JNU_1_rasp", 0, 10)
	c := newCentral(t, cluster, func(k *KafkaSites) { k.MaxUndeliveredMessages = 4 })
	old := c.next(t, 4)
	produce(t, cluster, "GIST_1_rasp", 0, 1) // a new topic: a new session
	require.Eventually(t, func() bool { return c.plugin.counters.starts.Get() == 2 }, 30*time.Second, 10*time.Millisecond)
	require.Never(t, func() bool { return len(c.metrics) > 0 }, time.Second, 10*time.Millisecond)
	accept(old...) // the session that could commit them is over
	seen := map[string]bool{}
	for len(seen) < 11 {
		m := c.next(t, 1)
		seen[places(m)[0]] = true
		accept(m...)
	}
	requireCommitted(t, cluster, "JNU_1_rasp", 10)
	requireCommitted(t, cluster, "GIST_1_rasp", 1)
}

// Each idle partition of kafka_consumer holds a slot: more topics than slots, and some are never read.
func TestIdleTopicsHoldNoSlot(t *testing.T) {
	cluster := newCluster(t)
	for i := range 5 {
		produce(t, cluster, fmt.Sprintf("S%d_1_rasp", i), 0, 1)
	}
	c := newCentral(t, cluster, func(k *KafkaSites) { k.MaxUndeliveredMessages = 1 })
	for range 5 {
		accept(c.next(t, 1)...)
	}
	for i := range 5 {
		requireCommitted(t, cluster, fmt.Sprintf("S%d_1_rasp", i), 1)
	}
}

// Asked about a topic, a broker with Kafka's default settings creates it, unless it is told not to. The consumer asks
// every 2 seconds, until the plugin looks for topics and drops this one.
func TestADeletedTopicStaysDeleted(t *testing.T) {
	cluster := newCluster(t, kfake.AllowAutoTopicCreation())
	produce(t, cluster, "JNU_1_rasp", 0, 1)
	produce(t, cluster, "GIST_1_rasp", 0, 1)
	c := newCentral(t, cluster, func(k *KafkaSites) { k.RefreshInterval = config.Duration(6 * time.Second) })
	accept(c.next(t, 2)...)
	require.NoError(t, cluster.DeleteTopic("GIST_1_rasp"))
	require.Eventually(t, func() bool { return c.plugin.counters.topics.Get() == 1 }, 30*time.Second, 10*time.Millisecond)
	require.Nil(t, cluster.TopicInfo("GIST_1_rasp"))
	produce(t, cluster, "JNU_1_rasp", 1, 2)
	accept(c.next(t, 1)...)
	requireCommitted(t, cluster, "JNU_1_rasp", 2)
}
