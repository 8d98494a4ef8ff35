package kafka_site

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/config"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/telegraf-station/telegraf-station/test/bed/process"
)

func TestARecord(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t)
	b := newBench(t, cluster.ListenAddrs(), func(k *KafkaSite) { k.Partitions = 4 })
	b.deliver(reading("JNU", "pi", 7))
	record := consume(t, cluster, "JNU_1_rasp", 1)[0]
	require.JSONEq(t, `{"device_id":"pi","status":0,"time":"2026-11-24T12:00:07Z","lat":35.17959,"lon":126.90822,"temp":26.0,"light":7}`, string(record.Value))
	require.True(t, strings.HasSuffix(string(record.Value), `"temp":26.0,"light":7}`), "floats stay floats, no newline at the end: %q", record.Value)
	require.Equal(t, "pi", string(record.Key))
	require.Regexp(t, "^[0-9a-f]{16}$", string(record.Headers[0].Value))
	require.Equal(t, []kgo.RecordHeader{
		{Key: "station-epoch", Value: record.Headers[0].Value},
		{Key: "station-seq", Value: []byte("1")},
	}, record.Headers[:2])
	require.Len(t, record.Headers, 3)
	require.Equal(t, "station-health", record.Headers[2].Key)
	require.WithinDuration(t, time.Now(), record.Timestamp, time.Minute, "of sending")
	require.Len(t, cluster.PartitionInfos("JNU_1_rasp"), 4)
	require.Contains(t, fmt.Sprint(b.log.Messages()), `Created topic "JNU_1_rasp" with 4 partitions and replication factor 1`)
}

func TestOrderAndNumbersOfEachDevice(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t)
	b := newBench(t, cluster.ListenAddrs(), nil)
	var metrics []telegraf.Metric
	for i := range 300 {
		metrics = append(metrics, reading("JNU", "pi", i), reading("JNU", "second", i), reading("GIST", "pi", i))
	}
	b.deliver(metrics[:450]...)
	b.deliver(metrics[450:]...)
	requireGapless(t, consume(t, cluster, "JNU_1_rasp", 600), 300)
	requireGapless(t, consume(t, cluster, "GIST_1_rasp", 300), 300)
}

func TestABrokerThatIsAbsentAtFirst(t *testing.T) {
	t.Parallel()
	port, err := process.ReservePort()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, port.Release()) })
	b := newBench(t, []string{port.Address()}, func(k *KafkaSite) { k.WriteTimeout = config.Duration(time.Second) })
	metrics := readings("JNU", 3)
	outcome := b.output.Send(metrics...)
	b.requireLogged("cannot connect to Kafka at " + port.Address())
	cluster := newCluster(t, kfake.Ports(port.Number()))
	requireAccepted(t, outcome)
	b.deliver(reading("JNU", "pi", 3))
	requireGapless(t, consume(t, cluster, "JNU_1_rasp", 4), 4)
}

// What Kafka acknowledged is not sent again when the batch is retried; the rest keeps its number and order.
func TestAfterAFailureOnlyTheRestIsSentAgain(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, kfake.SeedTopics(1, "JNU_1_rasp", "GIST_1_rasp"))
	var denied atomic.Bool
	denied.Store(true)
	cluster.ControlKey(int16(kmsg.Metadata), func(request kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		for _, topic := range request.(*kmsg.MetadataRequest).Topics {
			if denied.Load() && topic.Topic != nil && *topic.Topic == "GIST_1_rasp" {
				return refuseTopic(cluster, request.(*kmsg.MetadataRequest)), nil, true
			}
		}
		return nil, nil, false
	})
	b := newBench(t, cluster.ListenAddrs(), func(k *KafkaSite) { k.WriteTimeout = config.Duration(time.Second) })
	metrics := append(readings("JNU", 5), readings("GIST", 5)...)
	outcome := b.output.Send(metrics...)
	b.requireLogged(`not written yet: not authorized to write to topic "GIST_1_rasp": `)
	b.output.Add(reading("GIST", "pi", 5))
	denied.Store(false)
	requireAccepted(t, outcome)
	requireSaved(t, b)
	requireGapless(t, consume(t, cluster, "JNU_1_rasp", 5), 5)
	requireGapless(t, consume(t, cluster, "GIST_1_rasp", 6), 6)
}

// Records that are in flight while Kafka does not answer are not sent a second time.
func TestAKafkaThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	cluster, release := newHangingCluster(t)
	b := newBench(t, cluster.ListenAddrs(), func(k *KafkaSite) { k.WriteTimeout = config.Duration(time.Second) })
	metrics := readings("JNU", 3)
	outcome := b.output.Send(metrics...)
	b.requireLogged("not written yet: Kafka did not acknowledge within write_timeout (1s)")
	release()
	requireAccepted(t, outcome)
	b.deliver(reading("JNU", "pi", 3))
	requireGapless(t, consume(t, cluster, "JNU_1_rasp", 4), 4)
}

// Close ends although Kafka does not answer. A second Close has no effect.
func TestCloseWhileKafkaDoesNotAnswer(t *testing.T) {
	t.Parallel()
	cluster, _ := newHangingCluster(t)
	b := newBench(t, cluster.ListenAddrs(), func(k *KafkaSite) { k.WriteTimeout = config.Duration(time.Second) })
	b.output.Add(readings("JNU", 3)...)
	b.requireLogged("not written yet: Kafka did not acknowledge")
	b.output.Close()
	b.requireLogged("Stopped with 3 readings in memory that could not be saved")
	require.NoError(t, b.plugin.Close(), "again")
}

func TestCloseLeavesNoDescriptorOpen(t *testing.T) {
	cluster := newCluster(t)
	before, err := process.Descriptors()
	require.NoError(t, err)
	b := newBench(t, cluster.ListenAddrs(), nil)
	b.deliver(readings("JNU", 3)...)
	b.output.Close()
	require.Eventually(t, func() bool { // the cluster, in this process too, notices a little later
		after, err := process.Descriptors()
		return err == nil && after == before
	}, 10*time.Second, 10*time.Millisecond)
}

// If a request fails, later records of its device do not overtake it.
func TestOrderThroughAFailedRequest(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, kfake.SeedTopics(1, "JNU_1_rasp", "GIST_1_rasp"))
	requests := 0
	controlProduce(cluster, func(int) *kerr.Error {
		if requests++; requests%7 == 0 {
			return kerr.UnknownServerError // which sarama does not retry
		}
		return nil
	})
	b := newBench(t, cluster.ListenAddrs(), nil)
	var metrics []telegraf.Metric
	for i := range 20 {
		metrics = append(metrics, reading("JNU", "pi", i), reading("GIST", "pi", i))
	}
	b.deliver(metrics...)
	requireGapless(t, consume(t, cluster, "JNU_1_rasp", 20), 20)
	requireGapless(t, consume(t, cluster, "GIST_1_rasp", 20), 20)
}
