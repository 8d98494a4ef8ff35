package kafka_site

import (
	"fmt"
	"strings"
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
	require.NoError(t, b.plugin.Write([]telegraf.Metric{reading("JNU", "pi", 7)}))
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
