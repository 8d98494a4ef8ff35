package kafka_sites

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/influxdata/telegraf/config"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"
)

// commit is what another consumer has left, beyond the end of the topic for instance.
func commit(t *testing.T, cluster *kfake.Cluster, topic string, offset int64, metadata string) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.MaxVersions(kversion.V2_8_0()))
	require.NoError(t, err)
	defer client.Close()
	request := kmsg.NewPtrOffsetCommitRequest()
	request.Group, request.Generation = "telegraf-station", -1
	committed := kmsg.NewOffsetCommitRequestTopic()
	partition := kmsg.NewOffsetCommitRequestTopicPartition()
	partition.Offset, partition.Metadata = offset, &metadata
	committed.Topic, committed.Partitions = topic, append(committed.Partitions, partition)
	request.Topics = append(request.Topics, committed)
	response, err := request.RequestWith(context.Background(), client)
	require.NoError(t, err)
	require.Zero(t, response.Topics[0].Partitions[0].ErrorCode)
}

// A topic that is made again by its old name has other records at the old offsets.
func TestATopicThatIsMadeAgainIsReadFromItsBeginning(t *testing.T) {
	cluster := newCluster(t)
	produce(t, cluster, "JNU_1_rasp", 0, 3)
	c := newCentral(t, cluster, func(k *KafkaSites) { k.RefreshInterval = config.Duration(5 * time.Second) })
	accept(c.next(t, 3)...)
	requireCommitted(t, cluster, "JNU_1_rasp", 3)
	var away atomic.Bool // so that no fetch sees the new topic with fewer records, where the old offset is out of range
	cluster.ControlKey(int16(kmsg.Fetch), func(kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		return nil, errors.New("away"), away.Load()
	})
	away.Store(true)
	require.NoError(t, cluster.DeleteTopic("JNU_1_rasp"))
	produce(t, cluster, "JNU_1_rasp", 10, 16)
	away.Store(false)
	seen := make(map[any]bool)
	for len(seen) < 6 {
		m := c.next(t, 1)[0]
		accept(m)
		light, _ := m.GetField("light")
		seen[light] = true
	}
	requireCommitted(t, cluster, "JNU_1_rasp", 6)
	require.Contains(t, fmt.Sprint(c.log.Messages()), "The topic JNU_1_rasp was deleted and made again: reading partition 0 from its beginning")
}

// Offsets that others have committed: those that are in the topic are believed, one beyond its end is not gone on from for ever.
func TestOffsetsOfOtherConsumers(t *testing.T) {
	for name, test := range map[string]struct {
		offset   int64
		metadata string
		read     int
	}{
		"in the topic":              {2, "", 3},
		"with metadata of its own":  {2, "mirrored", 3},
		"with another topic's id":   {2, markPrefix + "AAAAAAAAAAAAAAAAAAAAAA", 5},
		"beyond the end":            {100, "", 5},
		"beyond the end, of its id": {100, markPrefix + "AAAAAAAAAAAAAAAAAAAAAA", 5},
	} {
		t.Run(name, func(t *testing.T) {
			cluster := newCluster(t)
			produce(t, cluster, "JNU_1_rasp", 0, 5)
			commit(t, cluster, "JNU_1_rasp", test.offset, test.metadata)
			c := newCentral(t, cluster, nil)
			accept(c.next(t, test.read)...)
			requireCommitted(t, cluster, "JNU_1_rasp", 5)
		})
	}
}
