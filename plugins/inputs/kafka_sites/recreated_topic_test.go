package kafka_sites

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"
)

// commit commits an offset as another consumer does, for example one beyond the end of the topic.
func commit(t *testing.T, cluster *kfake.Cluster, topic string, offset int64, metadata string) {
	t.Helper()
	client := newClient(t, cluster, kgo.MaxVersions(kversion.V2_8_0()))
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

// A re-created topic has other records at the old offsets.
func TestRecreatedTopicIsReadFromTheBeginning(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t)
	produce(t, cluster, "JNU_1_rasp", 0, 3)
	c := newCentral(t, cluster, nil)
	accept(c.next(t, 3)...)
	requireCommitted(t, cluster, "JNU_1_rasp", 3)
	// While away, there are no fetches: one from the new topic with fewer records would find the old offset out of range.
	// While hidden, the plugin cannot list the topics: the old consumer reads the new topic first.
	var away, hidden atomic.Bool
	cluster.ControlKey(int16(kmsg.Fetch), func(kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		return nil, errors.New("away"), away.Load()
	})
	cluster.ControlKey(int16(kmsg.Metadata), func(request kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		return nil, errors.New("hidden"), hidden.Load() && request.(*kmsg.MetadataRequest).Topics == nil
	})
	away.Store(true)
	hidden.Store(true)
	require.NoError(t, cluster.DeleteTopic("JNU_1_rasp"))
	produce(t, cluster, "JNU_1_rasp", 10, 16)
	away.Store(false)
	seen := make(map[any]bool)
	for len(seen) < 6 || committed(t, cluster, "JNU_1_rasp") != 6 {
		for _, m := range c.batch() {
			accept(m)
			light, _ := m.GetField("light")
			seen[light] = true
		}
		// The old consumer must have committed its offset in the new topic: without one, there is nothing to reset.
		if len(seen) > 0 && committed(t, cluster, "JNU_1_rasp") == 6 {
			hidden.Store(false)
		}
	}
	require.Contains(t, fmt.Sprint(c.log.Messages()), "Topic JNU_1_rasp was deleted and re-created; reading partition 0 from the beginning")
}

// An offset that another consumer has committed is used if it is in the topic. One beyond the end does not stop the plugin.
func TestOffsetsOfOtherConsumers(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		offset   int64
		metadata string
		read     int
	}{
		"in the topic":                    {2, "", 3},
		"with other metadata":             {2, "mirrored", 3},
		"with the ID of another topic":    {2, markPrefix + "AAAAAAAAAAAAAAAAAAAAAA", 5},
		"beyond the end":                  {100, "", 5},
		"beyond the end, with another ID": {100, markPrefix + "AAAAAAAAAAAAAAAAAAAAAA", 5},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cluster := newCluster(t)
			produce(t, cluster, "JNU_1_rasp", 0, 5)
			commit(t, cluster, "JNU_1_rasp", test.offset, test.metadata)
			c := newCentral(t, cluster, nil)
			accept(c.next(t, test.read)...)
			requireCommitted(t, cluster, "JNU_1_rasp", 5)
		})
	}
}
