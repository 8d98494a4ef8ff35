package kafka_site

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/config"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

func TestAMissingTopic(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, kfake.SeedTopics(1, "JNU_1_rasp"))
	b := newBench(t, cluster.ListenAddrs(), func(k *KafkaSite) { k.CreateTopics, k.WriteTimeout = false, config.Duration(time.Second) })
	metrics := []telegraf.Metric{reading("JNU", "pi", 0), reading("GIST", "pi", 0), reading("JNU", "pi", 1)}
	outcome := b.output.Send(metrics...)
	b.requireLogged(`not written yet: topic "GIST_1_rasp" does not exist; create it, or set create_topics = true`)
	requireGapless(t, consume(t, cluster, "JNU_1_rasp", 2), 2)
	require.Nil(t, cluster.TopicInfo("GIST_1_rasp"), "never by the broker's auto-creation")

	require.NoError(t, cluster.CreateTopic("GIST_1_rasp", 1, nil))
	requireAccepted(t, outcome)
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
	b.deliver(readings("JNU", 2)...)
	require.NoError(t, created)
	requireGapless(t, consume(t, cluster, "JNU_1_rasp", 2), 2)
}

// The Kafka controller answers before it has informed the brokers of a new topic.
func TestATopicThatNotEveryBrokerHasYet(t *testing.T) {
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
	b.deliver(readings("JNU", 2)...)
	requireGapless(t, consume(t, cluster, "JNU_1_rasp", 2), 2)
	require.Empty(t, b.log.Errors(), "not an error")
	require.Negative(t, unknown.Load())
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

func TestADeletedTopicIsNotRecreated(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t)
	b := newBench(t, cluster.ListenAddrs(), func(k *KafkaSite) { k.WriteTimeout = config.Duration(3 * time.Second) })
	b.deliver(readings("JNU", 1)...)
	require.NoError(t, cluster.DeleteTopic("JNU_1_rasp"))
	outcome := b.output.Send(reading("JNU", "pi", 1))
	b.requireLogged(`topic "JNU_1_rasp" was deleted; create it, or restart Telegraf, which creates it`)
	require.Nil(t, cluster.TopicInfo("JNU_1_rasp"))
	require.NoError(t, cluster.CreateTopic("JNU_1_rasp", 1, nil))
	requireAccepted(t, outcome)
	require.Equal(t, []int{1}, lights(t, consume(t, cluster, "JNU_1_rasp", 1)))
}

func TestAMissingTopicDelaysOnlyItsOwnRecords(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, kfake.SeedTopics(1, "JNU_1_rasp"))
	b := newDurable(t, cluster.ListenAddrs(), t.TempDir(), func(k *KafkaSite) { k.CreateTopics = false })
	for i := range 100 {
		b.deliver(reading("GIST", "pi", i), reading("JNU", "pi", i))
	}
	require.Eventually(t, func() bool { return pendingIn(b) == 100 }, 30*time.Second, time.Millisecond)
	requireGapless(t, consume(t, cluster, "JNU_1_rasp", 100), 100)
	require.Nil(t, cluster.TopicInfo("GIST_1_rasp"))
	logged := strings.Join(b.log.Errors(), "\n")
	require.Equal(t, 1, strings.Count(logged, `topic "GIST_1_rasp" does not exist`), logged)
	require.NoError(t, cluster.CreateTopic("GIST_1_rasp", 1, nil))
	b.plugin.sender.retryNow()
	requireDrained(t, b)
	requireGapless(t, consume(t, cluster, "GIST_1_rasp", 100), 100)
}

// If one of 20 topics is denied, the other 19 keep flowing.
func TestADeniedTopicDelaysOnlyItsOwnRecords(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t)
	var denied atomic.Bool
	denied.Store(true)
	cluster.ControlKey(int16(kmsg.Metadata), func(request kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		asked := request.(*kmsg.MetadataRequest)
		for _, topic := range asked.Topics {
			if denied.Load() && topic.Topic != nil && *topic.Topic == "site7_1_rasp" {
				return refuseTopic(cluster, asked), nil, true
			}
		}
		return nil, nil, false
	})
	b := newDurable(t, cluster.ListenAddrs(), t.TempDir(), nil)
	for i := range 20 {
		for site := range 20 {
			b.deliver(reading(fmt.Sprintf("site%d", site), "pi", i))
		}
	}
	require.Eventually(t, func() bool { return pendingIn(b) == 20 }, 30*time.Second, time.Millisecond)
	require.Contains(t, strings.Join(b.log.Errors(), "\n"), `not authorized to write to topic "site7_1_rasp": `)
	for site := range 20 {
		if site != 7 {
			requireGapless(t, consume(t, cluster, fmt.Sprintf("site%d_1_rasp", site), 20), 20)
		}
	}
	denied.Store(false)
	b.plugin.sender.retryNow()
	requireDrained(t, b)
	requireGapless(t, consume(t, cluster, "site7_1_rasp", 20), 20)
}
