package kafka_sites

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/influxdata/telegraf/config"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

func TestWhatAFetchWaitsFor(t *testing.T) {
	for _, test := range []struct {
		option config.Size
		topics int
		want   int32
	}{
		{0, 1, 1},
		{0, manyTopics - 1, 1},
		{0, manyTopics, manyBytes},
		{1, manyTopics, 1},
		{200, 1, 200},
	} {
		plugin := newPlugin(t, func(k *KafkaSites) { k.ConsumerFetchMin = test.option })
		require.NoError(t, plugin.Init())
		require.Equal(t, test.want, plugin.configFor(test.topics).Consumer.Fetch.Min, "%+v", test)
		require.Equal(t, max(1, int32(test.option)), plugin.config.Consumer.Fetch.Min, "%+v: with fewer topics again", test)
	}
}

// A lone reading of many topics comes, too.
func TestAReadingAmongManyTopics(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	require.NoError(t, err)
	for i := range manyTopics - 1 {
		require.NoError(t, cluster.CreateTopic(fmt.Sprintf("JNU_%d_rasp", i+2), 1, nil))
	}
	produce(t, cluster, "JNU_1_rasp", 0, 1)
	var least atomic.Int32
	cluster.ControlKey(int16(kmsg.Fetch), func(request kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		least.Store(request.(*kmsg.FetchRequest).MinBytes)
		return nil, nil, false
	})
	b := newBench(t, cluster.ListenAddrs())
	defer func() { b.plugin.Stop(); cluster.Close() }()
	b.requireReceived(t, "JNU_1_rasp", 1)
	require.EqualValues(t, manyBytes, least.Load())
	produce(t, cluster, "JNU_1_rasp", 1, 2)
	b.requireReceived(t, "JNU_1_rasp", 2)
}
