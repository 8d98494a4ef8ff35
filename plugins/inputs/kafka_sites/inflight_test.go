package kafka_sites

import (
	"context"
	"fmt"
	"sync"
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
	f.release(0)
	require.Equal(t, 400, f.shrink())
	for id := 1; f.reserved > 400; id++ {
		require.False(t, f.tryReserve())
		f.release(telegraf.TrackingID(id))
	}
	require.False(t, f.tryReserve())
	f.release(799)
	require.True(t, f.tryReserve())
	clear(f.records)
	require.Equal(t, minLimit, f.shrink())
	require.Equal(t, minLimit, f.shrink())
	for _, want := range []int{850, 1225, 1413, 1507, 1554, 1577, 1589, 1595, 1598, 1599, 1600, 1600} {
		f.grow()
		require.Equal(t, want, f.limit)
	}
}

// Each of many goroutines that wait gets a reservation when there is room.
func TestEveryWaitingReservationIsWoken(t *testing.T) {
	t.Parallel()
	f := newInFlight(&trackingAccumulator{Accumulator: &testutil.Accumulator{}}, 10)
	for range 10 {
		require.True(t, f.tryReserve())
	}
	var waiting sync.WaitGroup
	for range 20 {
		waiting.Go(func() { f.reserve(t.Context()) })
	}
	for range 20 {
		f.release(0)
	}
	waiting.Wait()
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	require.False(t, f.reserve(canceled))
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
