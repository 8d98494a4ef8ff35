package kafka_sites

import (
	"fmt"
	"testing"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/testutil"
	"github.com/stretchr/testify/require"
)

func TestTheLimitShrinksAndGrows(t *testing.T) {
	t.Parallel()
	f := newInFlight(&trackingAccumulator{Accumulator: &testutil.Accumulator{}}, 1600)
	for id := range 800 {
		require.True(t, f.reserve(t.Context()))
		f.records[telegraf.TrackingID(id)] = &pendingRecord{}
	}
	f.remove(0)
	require.Equal(t, 400, f.shrink())
	require.Len(t, f.slots, 1600, "no slot is free")
	f.release()
	for id := 1; id < 800; id++ {
		f.remove(telegraf.TrackingID(id))
		f.release()
	}
	require.Len(t, f.slots, 1200)
	require.Equal(t, minLimit, f.shrink())
	require.Len(t, f.slots, 1500)
	require.Equal(t, minLimit, f.shrink())
	for _, want := range []int{750, 375, 187, 93, 46, 23, 11, 5, 2, 1, 0, 0} {
		f.grow()
		require.Len(t, f.slots, want)
	}
}

// Records that an ended session left in the buffers of the outputs count: the limit holds for all sessions together.
func TestTheLimitHoldsAcrossSessions(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t)
	produce(t, cluster, "JNU_1_rasp", 0, 10)
	c := newCentral(t, cluster, func(k *KafkaSites) { k.MaxUndeliveredMessages = 4 })
	old := c.next(t, 4)
	produce(t, cluster, "GIST_1_rasp", 0, 1) // a new topic: a new session
	require.Eventually(t, func() bool { return c.plugin.counters.starts.Get() == 2 }, time.Minute, 10*time.Millisecond)
	require.Never(t, func() bool { return len(c.metrics) > 0 }, 300*time.Millisecond, 10*time.Millisecond)
	accept(old...) // their session has ended, so they are not committed
	seen := map[string]bool{}
	for len(seen) < 11 {
		m := c.next(t, 1)
		seen[sources(m)[0]] = true
		accept(m...)
	}
	requireCommitted(t, cluster, "JNU_1_rasp", 10)
	requireCommitted(t, cluster, "GIST_1_rasp", 1)
}

// In kafka_consumer, each idle partition holds a slot: with more topics than slots, some are never read.
func TestIdleTopicsHoldNoSlot(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t)
	for i := range 5 {
		produce(t, cluster, fmt.Sprintf("S%d_1_rasp", i), 0, 1)
	}
	c := newCentral(t, cluster, func(k *KafkaSites) { k.MaxUndeliveredMessages = 1 })
	for range 5 {
		accept(c.next(t, 1)...)
	}
	for i := range 5 {
		requireCommitted(t, cluster, fmt.Sprintf("S%d_1_rasp", i), 1)
	}
}

// A buffer that is smaller than the limit drops its oldest metrics. All of them arrive anyway, soon with fewer in flight.
func TestBufferThatIsTooSmall(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t)
	produce(t, cluster, "JNU_1_rasp", 0, 600)
	c := newCentral(t, cluster, func(k *KafkaSites) { k.MaxUndeliveredMessages = 400 })
	seen := map[string]bool{}
	for len(seen) < 600 {
		buffer := c.batch()
		for len(buffer) > 120 {
			buffer[0].Reject()
			buffer = buffer[1:]
		}
		for i, source := range sources(buffer) {
			seen[source] = true
			buffer[i].Accept()
		}
	}
	require.Len(t, seen, 600)
	requireCommitted(t, cluster, "JNU_1_rasp", 600)
}

// batch returns the metrics that arrive until none does for a moment, as in an output that writes at intervals.
func (c *central) batch() (metrics []telegraf.Metric) {
	for {
		select {
		case m := <-c.metrics:
			metrics = append(metrics, m)
		case <-time.After(100 * time.Millisecond):
			return metrics
		}
	}
}
