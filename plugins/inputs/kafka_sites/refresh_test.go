package kafka_sites

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/influxdata/telegraf/config"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/telegraf-station/telegraf-station/test/bed/process"
)

// The broker starts after the plugin, the topic is created after the broker, and the next site later still.
func TestBrokersAndTopicsThatAppearLater(t *testing.T) {
	t.Parallel()
	port, err := process.ReservePort()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, port.Release()) })
	c := newCentralOf(t, []string{port.Address()}, nil)
	require.Eventually(t, func() bool { return len(c.log.Errors()) == 1 }, time.Minute, 10*time.Millisecond)
	require.Contains(t, c.log.Errors()[0], "cannot list the topics: broker "+port.Address())

	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.Ports(port.Number()))
	require.NoError(t, err)
	defer func() { c.stop(); cluster.Close() }()
	require.Eventually(t, func() bool {
		log := fmt.Sprint(c.log.Messages())
		return strings.Contains(log, "No topic matches topic_regexps yet; waiting for the first station") && strings.Contains(log, "Connected to Kafka after ")
	}, time.Minute, 10*time.Millisecond)
	require.Len(t, c.log.Errors(), 1, "a failure that lasts is logged once")

	produce(t, cluster, "JNU_1_rasp", 0, 50)
	produce(t, cluster, "not-a-site", 0, 1)
	c.acceptAll(t, "JNU_1_rasp", 50)
	produce(t, cluster, "GIST_1_rasp", 0, 50)
	produce(t, cluster, "JNU_1_rasp", 50, 60)
	c.acceptAll(t, "GIST_1_rasp", 50)
	c.acceptAll(t, "JNU_1_rasp", 60)
	require.Len(t, c.read, 2)
}

// A topic that gets more partitions is read in all of them as soon as they are listed.
func TestMorePartitions(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, kfake.SeedTopics(1, "JNU_1_rasp"))
	produceReading(t, cluster, "first", 0, time.Now(), nil)
	c := newCentral(t, cluster, nil)
	accept(c.next(t, 1)...)
	_, err := newAdmin(t, cluster).UpdatePartitions(t.Context(), 3, "JNU_1_rasp")
	require.NoError(t, err)
	for partition := range int32(3) {
		produceReading(t, cluster, fmt.Sprint("device ", partition), partition, time.Now(), nil)
	}
	metrics := c.next(t, 3)
	require.EqualValues(t, 3, c.gather(t)["JNU_1_rasp"].Fields()["lag"], "over all partitions")
	accept(metrics...)
}

func TestDeletedTopicIsDropped(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t)
	produce(t, cluster, "JNU_1_rasp", 0, 5)
	produce(t, cluster, "GIST_1_rasp", 0, 5)
	c := newCentral(t, cluster, nil)
	c.acceptAll(t, "JNU_1_rasp", 5)
	c.acceptAll(t, "GIST_1_rasp", 5)

	require.NoError(t, cluster.DeleteTopic("GIST_1_rasp"))
	require.Eventually(t, func() bool { return c.plugin.counters.topics.Get() == 1 }, time.Minute, 10*time.Millisecond)
	produce(t, cluster, "JNU_1_rasp", 5, 10)
	c.acceptAll(t, "JNU_1_rasp", 10)
	require.Nil(t, cluster.TopicInfo("GIST_1_rasp"))
}

// A broker with Kafka's default settings creates a topic when it is asked for its metadata, unless the request forbids it. The consumer
// asks repeatedly until the plugin drops the topic.
func TestDeletedTopicStaysDeleted(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, kfake.AllowAutoTopicCreation())
	produce(t, cluster, "JNU_1_rasp", 0, 1)
	produce(t, cluster, "GIST_1_rasp", 0, 1)
	c := newCentral(t, cluster, func(k *KafkaSites) { k.RefreshInterval = config.Duration(2 * time.Second) })
	accept(c.next(t, 2)...)
	var deleted atomic.Bool
	var requests atomic.Int64
	cluster.ControlKey(int16(kmsg.Metadata), func(request kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		topics := request.(*kmsg.MetadataRequest).Topics
		for _, topic := range topics {
			if deleted.Load() && *topic.Topic == "GIST_1_rasp" {
				requests.Add(1)
			}
		}
		// Until the consumer has asked for the deleted topic, the plugin cannot list the topics and drop it.
		return nil, errors.New("hidden"), topics == nil && deleted.Load() && requests.Load() == 0
	})
	require.NoError(t, cluster.DeleteTopic("GIST_1_rasp"))
	deleted.Store(true)
	require.Eventually(t, func() bool { return c.plugin.counters.topics.Get() == 1 }, time.Minute, 10*time.Millisecond)
	require.Positive(t, requests.Load())
	require.Nil(t, cluster.TopicInfo("GIST_1_rasp"))
	produce(t, cluster, "JNU_1_rasp", 1, 2)
	accept(c.next(t, 1)...)
	requireCommitted(t, cluster, "JNU_1_rasp", 2)
}

// A topic without a leader, a site or not, does not block other topics.
func TestTopicWithoutALeader(t *testing.T) {
	t.Parallel()
	for _, without := range []string{"GIST_1_rasp", "not-a-site"} {
		t.Run(without, func(t *testing.T) {
			t.Parallel()
			cluster := newCluster(t)
			produce(t, cluster, "JNU_1_rasp", 0, 5)
			produce(t, cluster, without, 0, 5)
			cluster.ControlKey(int16(kmsg.Metadata), func(request kmsg.Request) (kmsg.Response, error, bool) {
				cluster.KeepControl()
				return metadataWithoutLeader(cluster, request.(*kmsg.MetadataRequest), without), nil, true
			})
			newCentral(t, cluster, nil).acceptAll(t, "JNU_1_rasp", 5)
		})
	}
}

func metadataWithoutLeader(cluster *kfake.Cluster, request *kmsg.MetadataRequest, without string) kmsg.Response {
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

func TestFailureThatLastsIsLoggedOnce(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var connections atomic.Int64
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			connections.Add(1)
			_ = connection.Close()
		}
	}()
	t.Cleanup(func() { require.NoError(t, listener.Close()) })
	c := newCentralOf(t, []string{"127.0.0.1:1", listener.Addr().String()}, nil)
	require.Eventually(t, func() bool { return connections.Load() >= 4 }, time.Minute, 10*time.Millisecond)
	c.stop()
	require.Len(t, c.log.Errors(), 1)
	require.NotContains(t, c.log.Errors()[0], "\n")
	require.Contains(t, c.log.Errors()[0], "connection refused; broker "+listener.Addr().String())
}

// A broker that is not in the option answers when none of the option does.
func TestListFromABrokerOfTheLastResponse(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t)
	produce(t, cluster, "JNU_1_rasp", 0, 1)
	plugin := newPlugin(t, func(k *KafkaSites) { k.Brokers = cluster.ListenAddrs() })
	require.NoError(t, plugin.Init())
	_, err := plugin.lister.list()
	require.NoError(t, err)
	plugin.lister.seeds = []string{"127.0.0.1:1"}
	topics, err := plugin.lister.list()
	require.NoError(t, err)
	require.Equal(t, []string{"JNU_1_rasp"}, topicNames(topics))
}

func TestTopicsThatAreTheSame(t *testing.T) {
	t.Parallel()
	require.True(t, topic{"a", "1", 1}.isSame(topic{"a", "1", 1}))
	require.True(t, topic{"a", "", 1}.isSame(topic{"a", "1", 1}))
	require.True(t, topic{"a", "1", 1}.isSame(topic{"a", "", 1}))
	require.False(t, topic{"a", "1", 1}.isSame(topic{"a", "2", 1}))
	require.False(t, topic{"a", "1", 1}.isSame(topic{"b", "1", 1}))
	require.False(t, topic{"a", "1", 1}.isSame(topic{"a", "1", 3}))
}

func TestListedTopics(t *testing.T) {
	t.Parallel()
	require.Equal(t, "1 topic: a", listed([]string{"a"}))
	require.Equal(t, "2 topics: a, b", listed([]string{"a", "b"}))
	require.Equal(t, "12 topics: a, a, a, a, a, a, a, a, a, a, and 2 more", listed(strings.Split(strings.Repeat("a", 12), "")))
}
