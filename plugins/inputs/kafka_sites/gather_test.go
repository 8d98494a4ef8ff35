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
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/telegraf-station/telegraf-station/internal/record"
)

var start = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// send writes a record of a device to JNU_1_rasp, where it comes at a time.
func send(t *testing.T, cluster *kfake.Cluster, device string, partition int32, at time.Time, headers map[string]string) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	require.NoError(t, err)
	defer client.Close()
	value := fmt.Sprintf(`{"device_id":%q,"status":0,"time":"2026-11-24T12:00:00Z","light":0}`, device)
	r := &kgo.Record{Topic: "JNU_1_rasp", Partition: partition, Key: []byte(device), Value: []byte(value), Timestamp: at}
	for key, value := range headers {
		r.Headers = append(r.Headers, kgo.RecordHeader{Key: key, Value: []byte(value)})
	}
	require.NoError(t, client.ProduceSync(t.Context(), r).FirstErr())
}

// gather returns what the plugin tells of the topics, as outputs that take it at once get it.
func (c *central) gather(t *testing.T) map[string]telegraf.Metric {
	t.Helper()
	told := make(chan telegraf.Metric, 1000)
	c.plugin.teller.acc, c.plugin.teller.untold = nil, 0
	require.NoError(t, c.plugin.Gather(&trackingAccumulator{Accumulator: &testutil.Accumulator{}, log: c.log, metrics: told}))
	close(told)
	topics := make(map[string]telegraf.Metric)
	for m := range told {
		require.Equal(t, "kafka_sites_topic", m.Name())
		topic, _ := m.GetTag("topic")
		require.NotContains(t, topics, topic, "told once")
		topics[topic] = m
	}
	return topics
}

// eventually waits until a topic is as it should be, and returns its newest_age.
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
	}, 30*time.Second, 20*time.Millisecond, "wanted %v, the last one is %v", want, &got)
	require.Equal(t, map[string]string{"topic": topic, "group": "telegraf-station"}, c.gather(t)[topic].Tags())
	return age
}

func fields(newest, group, stations, lost, givenUp int64) map[string]any {
	return map[string]any{
		"newest_offset": newest, "group_offset": group, "lag": newest - group, "stations": stations, "lost": lost, "given_up": givenUp,
	}
}

func TestATopicIsTold(t *testing.T) {
	cluster := newCluster(t, kfake.SeedTopics(1, "JNU_1_rasp"), kfake.SeedTopics(1, "GIST_1_rasp"))
	for i := range 3 {
		send(t, cluster, "pi", 0, time.Now().Add(-time.Duration(300-100*i)*time.Second), nil)
	}
	c := newCentral(t, cluster, nil)
	metrics := c.next(t, 3)
	require.InDelta(t, 100, c.eventually(t, "JNU_1_rasp", fields(3, 0, 1, 0, 0)), 30)
	require.Nil(t, c.eventually(t, "GIST_1_rasp", fields(0, 0, 0, 0, 0)), "an empty topic has no age")
	accept(metrics[:2]...)
	c.eventually(t, "JNU_1_rasp", fields(3, 2, 1, 0, 0))
	send(t, cluster, "second", 0, time.Now(), nil)
	accept(append(c.next(t, 1), metrics[2])...)
	require.InDelta(t, 45, c.eventually(t, "JNU_1_rasp", fields(4, 4, 2, 0, 0)), 45)

	c.stop()
	require.Empty(t, c.gather(t), "it has no topic any more")
	again := newCentral(t, cluster, nil)
	require.InDelta(t, 45, again.eventually(t, "JNU_1_rasp", fields(4, 4, 0, 0, 0)), 45, "nothing is read after a restart, and the age is known")
}

func TestLossIsTold(t *testing.T) {
	cluster := newCluster(t, kfake.SeedTopics(1, "JNU_1_rasp"))
	c := newCentral(t, cluster, nil)
	for _, r := range [][]string{{"7", ""}, {"10", ""}, {"12", "parked=11"}, {"13", "dropped=8"}, {"12", "parked=11"}} {
		send(t, cluster, "pi", 0, time.Now(), map[string]string{
			record.HeaderEpoch: "0000000000000001", record.HeaderSeq: r[0], record.HeaderSkipped: r[1],
		})
	}
	accept(c.next(t, 5)...)
	c.eventually(t, "JNU_1_rasp", fields(5, 5, 1, 1, 2))

	produce(t, cluster, "GIST_1_rasp", 0, 1) // a new topic: a new claim of the old one
	accept(c.next(t, 1)...)
	c.eventually(t, "JNU_1_rasp", fields(5, 5, 1, 1, 2))
	require.EqualValues(t, 2, c.plugin.counters.starts.Get())
}

// A claim goes on with what an earlier one saw, unless another central Telegraf or another topic of the name came in between.
func TestAClaimGoesOn(t *testing.T) {
	here := place{"JNU_1_rasp", "id", 0}
	for name, test := range map[string]struct {
		place  place
		group  int64
		goesOn bool
	}{
		"read again":                       {here, 7, true},
		"read on":                          {here, 10, true},
		"another central Telegraf read on": {here, 11, false},
		"another partition":                {place{"JNU_1_rasp", "id", 1}, 10, false},
		"made again":                       {place{"JNU_1_rasp", "other", 0}, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			var all claims
			first := &claim{place: here, next: 10, devices: map[string]*device{"pi": {}}}
			all.add(first)
			all.remove(first)
			all.forget([]string{"GIST_1_rasp", "JNU_1_rasp"})
			second := &claim{place: test.place, group: test.group}
			all.add(second)
			require.Equal(t, test.goesOn, len(second.devices) == 1)
			require.Equal(t, []*claim{second}, all.list())
		})
	}
	var all claims
	all.remove(&claim{place: here})
	all.forget([]string{"GIST_1_rasp"})
	require.Empty(t, all.ended)
}

// What is not read yet counts: while a central Telegraf is behind, its topics are not silent.
func TestTheAgeOfARecordThatIsStillToBeRead(t *testing.T) {
	cluster := newCluster(t, kfake.SeedTopics(2, "JNU_1_rasp"))
	for i := range 10 {
		send(t, cluster, "pi", 0, time.Now().Add(-time.Duration(10000-1000*i)*time.Second), nil)
	}
	send(t, cluster, "second", 1, time.Now().Add(-100*time.Second), nil)
	c := newCentral(t, cluster, func(k *KafkaSites) { k.MaxUndeliveredMessages = 1 })
	c.next(t, 1)
	require.InDelta(t, 100, c.eventually(t, "JNU_1_rasp", fields(11, 0, 1, 0, 0)), 30)
	send(t, cluster, "pi", 0, time.Now().Add(-50*time.Second), nil)
	require.InDelta(t, 50, c.eventually(t, "JNU_1_rasp", fields(12, 0, 1, 0, 0)), 30)
}

// Each topic is told by the one central Telegraf that has it, also after one of them has gone.
func TestOfTwoCentralsOneTellsATopic(t *testing.T) {
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
				return false // in the middle of a rebalance
			}
		}
		return len(one) == topics/2 && len(other) == topics/2
	}, time.Minute, 50*time.Millisecond)
	second.stop()
	require.Eventually(t, func() bool { return len(first.gather(t)) == topics }, time.Minute, 50*time.Millisecond)
	require.Empty(t, second.gather(t))
}

func TestGatherDoesNotWaitForKafka(t *testing.T) {
	cluster := newCluster(t, kfake.SeedTopics(1, "JNU_1_rasp"))
	send(t, cluster, "pi", 0, time.Now().Add(-100*time.Second), nil)
	c := newCentral(t, cluster, nil)
	accept(c.next(t, 1)...)
	c.eventually(t, "JNU_1_rasp", fields(1, 1, 1, 0, 0))
	requireCommitted(t, cluster, "JNU_1_rasp", 1)
	c.stop()

	c = newCentral(t, cluster, nil)
	require.Eventually(t, func() bool { return len(c.plugin.claims.list()) == 1 }, 30*time.Second, time.Millisecond)
	hung, released := make(chan struct{}), make(chan struct{})
	hang := sync.OnceFunc(func() { close(hung) })
	cluster.ControlKey(int16(kmsg.Fetch), func(kmsg.Request) (kmsg.Response, error, bool) {
		cluster.SleepControl(func() { hang(); <-released })
		return nil, nil, false
	})
	<-hung
	began := time.Now()
	topic := c.gather(t)["JNU_1_rasp"]
	require.Less(t, time.Since(began), answerTime+3*time.Second)
	require.NotNil(t, topic)
	close(released)
	require.InDelta(t, 100, c.eventually(t, "JNU_1_rasp", fields(1, 1, 0, 0, 0)), 60)
}

// While the outputs take nothing, what is told of topics does not fill their buffers.
func TestNoMoreIsToldThanIsTaken(t *testing.T) {
	cluster := newCluster(t, kfake.SeedTopics(1, "JNU_1_rasp"))
	c := newCentral(t, cluster, nil)
	require.Eventually(t, func() bool { return len(c.plugin.claims.list()) == 1 }, 30*time.Second, time.Millisecond)
	told := make(chan telegraf.Metric, 100)
	acc := &trackingAccumulator{Accumulator: &testutil.Accumulator{}, log: c.log, metrics: told}
	for range 10 {
		require.NoError(t, c.plugin.Gather(acc))
	}
	require.Len(t, told, mostUntold)
	(<-told).Accept()
	(<-told).Reject() // an output lost it: there will be another
	for range 10 {
		require.NoError(t, c.plugin.Gather(acc))
	}
	require.Len(t, told, mostUntold)
}

// A topic that retention has emptied, and of which nothing is committed, has no lag.
func TestAnEmptiedTopic(t *testing.T) {
	c := &claim{known: -1, unsure: true, end: func() int64 { return 7 }}
	c.learnFrom(&sarama.FetchResponseBlock{Err: sarama.ErrOffsetOutOfRange})
	require.EqualValues(t, 7, c.group)
	require.False(t, c.knowsNewest())
}

// Without a time of Kafka's a record came when this central Telegraf first saw it; the reading's own is what the wrong clock said.
func TestARecordWithoutATime(t *testing.T) {
	c := &claim{known: -1, devices: make(map[string]*device)}
	c.read(&sarama.ConsumerMessage{Offset: 5}, start)
	require.Equal(t, start, c.at)
	c.learnFrom(&sarama.FetchResponseBlock{RecordsSet: []*sarama.Records{{RecordBatch: &sarama.RecordBatch{FirstOffset: 4, LastOffsetDelta: 3}}}})
	require.WithinDuration(t, time.Now(), c.at, time.Minute)
	require.EqualValues(t, 7, c.known)
}
