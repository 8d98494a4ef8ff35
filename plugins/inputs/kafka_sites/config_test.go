package kafka_sites

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/influxdata/telegraf/config"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"
)

func TestFetchMin(t *testing.T) {
	t.Parallel()
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
		require.Equal(t, max(1, int32(test.option)), plugin.config.Consumer.Fetch.Min, "%+v: unchanged for fewer topics", test)
	}
}

// A single reading in one of many topics also arrives.
func TestReadingInOneOfManyTopics(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t)
	for i := range manyTopics - 1 {
		require.NoError(t, cluster.CreateTopic(fmt.Sprintf("JNU_%d_rasp", i+2), 1, nil))
	}
	produce(t, cluster, "JNU_1_rasp", 0, 1)
	var minBytes atomic.Int32
	cluster.ControlKey(int16(kmsg.Fetch), func(request kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		minBytes.Store(request.(*kmsg.FetchRequest).MinBytes)
		return nil, nil, false
	})
	c := newCentral(t, cluster, nil)
	c.acceptAll(t, "JNU_1_rasp", 1)
	require.EqualValues(t, manyBytes, minBytes.Load())
	produce(t, cluster, "JNU_1_rasp", 1, 2)
	c.acceptAll(t, "JNU_1_rasp", 2)
}
