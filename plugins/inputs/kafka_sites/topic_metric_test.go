package kafka_sites

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/testutil"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/telegraf-station/telegraf-station/internal/record"
)

// gather returns the metrics of the topics, as outputs that accept them immediately get them.
func (c *central) gather(t *testing.T) map[string]telegraf.Metric {
	t.Helper()
	reported := make(chan telegraf.Metric, 1000)
	c.plugin.reporter.acc, c.plugin.reporter.undelivered = nil, 0
	require.NoError(t, c.plugin.Gather(&trackingAccumulator{Accumulator: &testutil.Accumulator{}, metrics: reported}))
	close(reported)
	topics := make(map[string]telegraf.Metric)
	for m := range reported {
		require.Equal(t, "kafka_sites_topic", m.Name())
		topic, _ := m.GetTag("topic")
		require.NotContains(t, topics, topic, "once")
		topics[topic] = m
	}
	return topics
}

// eventually waits until the metric of a topic has the fields, and returns its newest_age.
func (c *central) eventually(t *testing.T, topic string, want map[string]any) (age any) {
	t.Helper()
	var got map[string]any
	require.Eventually(t, func() bool {
		m := c.gather(t)[topic]
		if m == nil {
			return false
		}
		got = m.Fields()
		age = got["newest_age"]
		delete(got, "newest_age")
		return fmt.Sprint(want) == fmt.Sprint(got) && (age != nil) == (got["newest_offset"] != int64(0))
	}, time.Minute, 20*time.Millisecond, "wanted %v, the last one is %v", want, &got)
	require.Equal(t, map[string]string{"topic": topic, "group": "telegraf-station"}, c.gather(t)[topic].Tags())
	return age
}

func fields(newest, group, stations, lost, givenUp int64) map[string]any {
	return map[string]any{
		"newest_offset": newest, "group_offset": group, "lag": newest - group, "stations": stations, "lost": lost, "given_up": givenUp, "expired": int64(0),
	}
}

func TestTopicMetric(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, kfake.SeedTopics(1, "JNU_1_rasp"), kfake.SeedTopics(1, "GIST_1_rasp"))
	for i := range 3 {
		produceReading(t, cluster, "pi", 0, time.Now().Add(-time.Duration(300-100*i)*time.Second), nil)
	}
	c := newCentral(t, cluster, nil)
	metrics := c.next(t, 3)
	require.InDelta(t, 100, c.eventually(t, "JNU_1_rasp", fields(3, 0, 1, 0, 0)), 30)
	require.Nil(t, c.eventually(t, "GIST_1_rasp", fields(0, 0, 0, 0, 0)), "an empty topic has no age")
	accept(metrics[:2]...)
	c.eventually(t, "JNU_1_rasp", fields(3, 2, 1, 0, 0))
	produceReading(t, cluster, "second", 0, time.Now(), nil)
	accept(append(c.next(t, 1), metrics[2])...)
	require.InDelta(t, 45, c.eventually(t, "JNU_1_rasp", fields(4, 4, 2, 0, 0)), 45)

	c.stop()
	require.Empty(t, c.gather(t), "it has no topics now")
	again := newCentral(t, cluster, nil)
	require.InDelta(t, 45, again.eventually(t, "JNU_1_rasp", fields(4, 4, 0, 0, 0)), 45, "nothing is read after a restart, but the age is known")
}

func TestLostRecordsAreReported(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, kfake.SeedTopics(1, "JNU_1_rasp"))
	c := newCentral(t, cluster, nil)
	for _, r := range [][]string{{"7", ""}, {"10", ""}, {"12", "parked=11"}, {"13", "dropped=8"}, {"12", "parked=11"}} {
		produceReading(t, cluster, "pi", 0, time.Now(), map[string]string{
			record.HeaderEpoch: "0000000000000001", record.HeaderSeq: r[0], record.HeaderSkipped: r[1],
		})
	}
	accept(c.next(t, 5)...)
	c.eventually(t, "JNU_1_rasp", fields(5, 5, 1, 1, 2))

	produce(t, cluster, "GIST_1_rasp", 0, 1) // a new topic: the old one is assigned again
	accept(c.next(t, 1)...)
	c.eventually(t, "JNU_1_rasp", fields(5, 5, 1, 1, 2))
	require.EqualValues(t, 2, c.plugin.counters.starts.Get())
}

// An assigned partition continues an earlier assignment, unless another central Telegraf has read it since or the topic was re-created.
func TestPartitionContinuesAnEarlierAssignment(t *testing.T) {
	t.Parallel()
	here := partitionID{"JNU_1_rasp", "id", 0}
	for name, test := range map[string]struct {
		id        partitionID
		delivered int64
		continues bool
	}{
		"reread":                           {here, 7, true},
		"continued":                        {here, 10, true},
		"read by another central Telegraf": {here, 11, false},
		"another partition":                {partitionID{"JNU_1_rasp", "id", 1}, 10, false},
		"re-created":                       {partitionID{"JNU_1_rasp", "other", 0}, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var all assigned
			first := &partition{partitionID: here, next: 10, devices: map[string]*device{"pi": {}}}
			all.add(first)
			all.remove(first)
			all.forgetExcept([]string{"GIST_1_rasp", "JNU_1_rasp"})
			second := &partition{partitionID: test.id, delivered: test.delivered}
			all.add(second)
			require.Equal(t, test.continues, len(second.devices) == 1)
			require.Equal(t, []*partition{second}, all.list())
		})
	}
	var all assigned
	all.remove(&partition{partitionID: here})
	all.forgetExcept([]string{"GIST_1_rasp"})
	require.Empty(t, all.revoked)
}

// A topic that lags is not silent: records that have not been read count.
func TestNewestAgeWhileLagging(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, kfake.SeedTopics(2, "JNU_1_rasp"))
	for i := range 10 {
		produceReading(t, cluster, "pi", 0, time.Now().Add(-time.Duration(10000-1000*i)*time.Second), nil)
	}
	produceReading(t, cluster, "second", 1, time.Now().Add(-100*time.Second), nil)
	c := newCentral(t, cluster, func(k *KafkaSites) { k.MaxUndeliveredMessages = 1 })
	c.next(t, 1)
	require.InDelta(t, 100, c.eventually(t, "JNU_1_rasp", fields(11, 0, 1, 0, 0)), 30)
	produceReading(t, cluster, "pi", 0, time.Now().Add(-50*time.Second), nil)
	require.InDelta(t, 50, c.eventually(t, "JNU_1_rasp", fields(12, 0, 1, 0, 0)), 30)
}

// Each topic is reported by one central Telegraf, also after another one has stopped.
func TestEachTopicIsReportedOnce(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t)
	const topics = 6
	for i := range topics {
		produce(t, cluster, fmt.Sprintf("S%d_1_rasp", i), 0, 1)
	}
	first, second := newCentral(t, cluster, nil), newCentral(t, cluster, nil)
	require.Eventually(t, func() bool {
		one, other := first.gather(t), second.gather(t)
		for topic := range one {
			if other[topic] != nil {
				return false // during a rebalance
			}
		}
		return len(one) == topics/2 && len(other) == topics/2
	}, time.Minute, 50*time.Millisecond)
	second.stop()
	require.Eventually(t, func() bool { return len(first.gather(t)) == topics }, time.Minute, 50*time.Millisecond)
	require.Empty(t, second.gather(t))
}

func TestGatherDoesNotWaitForKafka(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, kfake.SeedTopics(1, "JNU_1_rasp"))
	produceReading(t, cluster, "pi", 0, time.Now().Add(-100*time.Second), nil)
	c := newCentral(t, cluster, nil)
	accept(c.next(t, 1)...)
	c.eventually(t, "JNU_1_rasp", fields(1, 1, 1, 0, 0))
	requireCommitted(t, cluster, "JNU_1_rasp", 1)
	c.stop()

	c = newCentral(t, cluster, nil)
	require.Eventually(t, func() bool { return len(c.plugin.assigned.list()) == 1 }, 30*time.Second, time.Millisecond)
	hung, released := make(chan struct{}), make(chan struct{})
	hang := sync.OnceFunc(func() { close(hung) })
	cluster.ControlKey(int16(kmsg.Fetch), func(kmsg.Request) (kmsg.Response, error, bool) {
		cluster.SleepControl(func() { hang(); <-released })
		return nil, nil, false
	})
	<-hung
	c.plugin.reporter.timeout = time.Millisecond
	require.NotNil(t, c.gather(t)["JNU_1_rasp"], "it returns before Kafka responds")
	c.plugin.reporter.timeout = time.Minute
	close(released)
	require.InDelta(t, 100, c.eventually(t, "JNU_1_rasp", fields(1, 1, 0, 0, 0)), 60)
}

// While the outputs accept nothing, metrics of topics do not fill their buffers.
func TestReportsInFlightAreLimited(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, kfake.SeedTopics(1, "JNU_1_rasp"))
	c := newCentral(t, cluster, nil)
	require.Eventually(t, func() bool { return len(c.plugin.assigned.list()) == 1 }, 30*time.Second, time.Millisecond)
	reported := make(chan telegraf.Metric, 100)
	acc := &trackingAccumulator{Accumulator: &testutil.Accumulator{}, metrics: reported}
	for range 10 {
		require.NoError(t, c.plugin.Gather(acc))
	}
	require.Len(t, reported, maxUndelivered)
	(<-reported).Accept()
	(<-reported).Reject() // lost by an output: there will be another
	for range 10 {
		require.NoError(t, c.plugin.Gather(acc))
	}
	require.Len(t, reported, maxUndelivered)
}

// A topic whose records retention has deleted, without a committed offset, has no lag.
func TestTopicEmptiedByRetention(t *testing.T) {
	t.Parallel()
	p := &partition{newest: -1, deliveredAtLeast: true, end: func() int64 { return 7 }}
	p.setNewestFrom(&sarama.FetchResponseBlock{Err: sarama.ErrOffsetOutOfRange})
	require.EqualValues(t, 7, p.delivered)
	require.False(t, p.isNewestKnown())
}

// A record without a Kafka time is as old as this central Telegraf knows it: the time of its reading comes from the wrong clock.
func TestNewestRecordWithoutATime(t *testing.T) {
	t.Parallel()
	p := &partition{newest: -1, devices: make(map[string]*device)}
	p.read(&sarama.ConsumerMessage{Offset: 5}, start)
	require.Equal(t, start, p.newestTime)
	p.setNewestFrom(&sarama.FetchResponseBlock{RecordsSet: []*sarama.Records{{RecordBatch: &sarama.RecordBatch{FirstOffset: 4, LastOffsetDelta: 3}}}})
	require.WithinDuration(t, time.Now(), p.newestTime, time.Minute)
	require.EqualValues(t, 7, p.newest)
}
