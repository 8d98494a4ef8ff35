package kafka_site

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/influxdata/telegraf/config"
	"github.com/influxdata/telegraf/selfstat"
	"github.com/influxdata/telegraf/testutil"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/telegraf-station/telegraf-station/test/bed/process"
)

func TestMetricsDoNotWaitForAFlush(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t)
	b := newDurable(t, cluster.ListenAddrs(), t.TempDir(), nil)
	for i := range 5 {
		b.output.Add(reading("JNU", "pi", i))
		requireDrained(t, b)
		require.Len(t, consume(t, cluster, "JNU_1_rasp", i+1), i+1)
	}
	for i := range 5000 {
		b.output.Add(reading("JNU", "pi", i+5))
	}
	requireGapless(t, consume(t, cluster, "JNU_1_rasp", 5005), 5005)
}

// Without an outbox and without Kafka, readings stay in memory, in order.
func TestAFailedBatchIsRetriedAtTheNextFlush(t *testing.T) {
	t.Parallel()
	port, err := process.ReservePort()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, port.Release()) })
	b := newBench(t, []string{port.Address()}, func(k *KafkaSite) { k.WriteTimeout = config.Duration(time.Second) })
	for i := range 3 {
		b.output.Add(reading("JNU", "pi", i))
	}
	b.requireLogged("cannot connect to Kafka")
	cluster := newCluster(t, kfake.Ports(port.Number()))
	b.output.Add(reading("JNU", "pi", 3))
	requireSaved(t, b)
	requireGapless(t, consume(t, cluster, "JNU_1_rasp", 4), 4)
}

func TestCloseSavesWhatIsInMemory(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t)
	b := newBench(t, cluster.ListenAddrs(), nil)
	for i := range 3000 {
		b.output.Add(reading("JNU", "pi", i))
	}
	b.output.Close()
	requireGapless(t, consume(t, cluster, "JNU_1_rasp", 3000), 3000)
}

func requireSaved(t *testing.T, b *bench) {
	t.Helper()
	require.Eventually(t, func() bool { return b.plugin.buffer.size() == 0 }, time.Minute, time.Millisecond)
}

// An input that waits for the delivery of its metrics gets an outcome for each, also for one that is parked.
func TestTrackedMetricsAreAccepted(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t)
	b := newDurable(t, cluster.ListenAddrs(), t.TempDir(), nil)
	b.deliver(reading("JNU", "pi", 0))
	b.deliver(reading("J_NU", "pi", 0))
}

// gate saves when it is open.
type gate struct {
	mu      sync.Mutex
	err     error
	written []*entry
	sizes   []int
	open    chan struct{}
}

func (g *gate) save(entries []*entry) error {
	<-g.open
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.err != nil {
		return g.err
	}
	g.written, g.sizes = append(g.written, entries...), append(g.sizes, len(entries))
	return nil
}

func (g *gate) fail(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.err = err
}

func newGated(t *testing.T, limit int) (*buffer, *gate, *testutil.CaptureLogger) {
	t.Helper()
	log := &testutil.CaptureLogger{}
	plugin := newPlugin(func(k *KafkaSite) {
		k.Brokers, k.Log, k.MetricBufferLimit = []string{"127.0.0.1:9"}, log, limit
		k.Statistics = selfstat.NewCollector(map[string]string{})
	})
	require.NoError(t, plugin.Init())
	g := &gate{open: make(chan struct{})}
	plugin.buffer.save = g.save
	return plugin.buffer, g, log
}

func entryOf(i int) *entry { return &entry{metric: reading("JNU", "pi", i)} }

func requireOrder(t *testing.T, want []int, entries []*entry) {
	t.Helper()
	var got []int
	for _, e := range entries {
		got = append(got, int(e.metric.Time().Sub(start).Seconds()))
	}
	require.Equal(t, want, got)
}

func indices(from, to int) (all []int) {
	for i := from; i < to; i++ {
		all = append(all, i)
	}
	return all
}

// What arrives during a sync is saved together with the next one, in order. An input that is too fast waits.
func TestBufferSlowsAFastSenderDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, g, _ := newGated(t, 10_000)
		go b.run()
		added := 0
		go func() {
			for ; added < 3*maxBatchMetrics; added++ {
				b.add(entryOf(added))
			}
		}()
		synctest.Wait()
		require.Less(t, added, 3*maxBatchMetrics, "it waits for room")
		close(g.open)
		synctest.Wait()
		b.close(time.Minute)
		requireOrder(t, indices(0, 3*maxBatchMetrics), g.written)
		require.Equal(t, maxBatchMetrics, g.sizes[1], "what arrived during the first save is saved together")
	})
}

func TestBufferDropsTheOldestBeyondItsLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, g, log := newGated(t, 10)
		close(g.open)
		g.fail(errors.New("disk on fire"))
		go b.run()
		b.add(entryOf(0))
		synctest.Wait()
		for i := range 15 {
			b.add(entryOf(i + 1))
		}
		require.Equal(t, 11, b.size(), "one that is being saved, and ten")
		g.fail(nil)
		signal(b.flush)
		synctest.Wait()
		b.close(time.Minute)
		requireOrder(t, append([]int{0}, indices(6, 16)...), g.written)
		text := strings.Join(log.Errors(), "\n")
		require.Contains(t, text, "disk on fire; records stay pending; retrying")
		require.Equal(t, 1, strings.Count(text, "Memory is full (metric_buffer_limit = 10); dropping the oldest readings"))
		require.Contains(t, text, "Dropped 5 readings while memory was full (metric_buffer_limit = 10)")
	})
}

// A disk that hangs delays an input once, and then no longer.
func TestBufferWaitsOnceForADiskThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, g, _ := newGated(t, 5000)
		go b.run()
		began := time.Now()
		for i := range 10_000 {
			b.add(entryOf(i))
		}
		require.Equal(t, roomTimeout, time.Since(began))
		close(g.open)
		b.close(time.Minute)
		require.Equal(t, 9999, int(g.written[len(g.written)-1].metric.Time().Sub(start).Seconds()))
		require.Greater(t, len(g.written), 5000)
		require.LessOrEqual(t, len(g.written), 5000+maxBatchMetrics)
	})
}

func TestABatchFitsIntoASmallOutbox(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t)
	b := newDurable(t, cluster.ListenAddrs(), t.TempDir(), func(k *KafkaSite) { k.OutboxMaxRecords, k.OutboxMaxSize = 100, 1<<20 })
	for i := range 1000 {
		b.output.Add(reading("JNU", "pi", i))
	}
	requireSaved(t, b)
	requireDrained(t, b)
	requireGapless(t, consume(t, cluster, "JNU_1_rasp", 1000), 1000)
}

// Telegraf reads this option of the output's section for its own buffer; ours gets it also.
func TestMetricBufferLimit(t *testing.T) {
	t.Parallel()
	const section = "[[outputs.kafka_site]]\n brokers = [\"127.0.0.1:9\"]\n"
	for text, want := range map[string]int{"": 10_000, "metric_buffer_limit = 7\n": 7} {
		loaded := config.NewConfig()
		require.NoError(t, loaded.LoadConfigData([]byte(section+text), config.EmptySourcePath))
		require.Equal(t, want, loaded.Outputs[0].Output.(*KafkaSite).MetricBufferLimit)
	}
}
