package kafka_site

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/config"
	"github.com/influxdata/telegraf/metric"
	"github.com/influxdata/telegraf/models"
	"github.com/influxdata/telegraf/selfstat"
	"github.com/influxdata/telegraf/testutil"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/telegraf-station/telegraf-station/test/bed/process"
)

// Telegraf's own part of an output, with a batch size and a buffer that would keep readings waiting.
func runningOutput(t *testing.T, plugin *KafkaSite) *models.RunningOutput {
	t.Helper()
	running, err := models.NewRunningOutput(plugin, &models.OutputConfig{Name: "kafka_site"}, 1000, 10_000)
	require.NoError(t, err)
	return running
}

func TestTelegrafsMetricsDoNotWaitForAFlush(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t)
	b := newDurable(t, cluster.ListenAddrs(), t.TempDir(), nil)
	running := runningOutput(t, b.plugin)
	for i := range 5 {
		running.AddMetric(reading("JNU", "pi", i))
		requireDrained(t, b)
		require.Len(t, consume(t, cluster, "JNU_1_rasp", i+1), i+1)
	}
	for i := range 5000 {
		running.AddMetric(reading("JNU", "pi", i+5))
	}
	requireGapless(t, consume(t, cluster, "JNU_1_rasp", 5005), 5005)
}

// Without a disk and without Kafka readings wait in memory, in order, and are tried again at each flush.
func TestWhatCannotBeWrittenIsTriedAgainAtTheNextFlush(t *testing.T) {
	t.Parallel()
	port, err := process.ReservePort()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, port.Release()) })
	b := newBench(t, []string{port.Address()}, func(k *KafkaSite) { k.WriteTimeout = config.Duration(time.Second) })
	running := runningOutput(t, b.plugin)
	for i := range 3 {
		running.AddMetric(reading("JNU", "pi", i))
	}
	require.Eventually(t, func() bool {
		return strings.Contains(strings.Join(b.log.Errors(), "\n"), "records are not written yet")
	},
		20*time.Second, 10*time.Millisecond)
	cluster := newCluster(t, kfake.Ports(port.Number()))
	running.AddMetric(reading("JNU", "pi", 3))
	require.Eventually(t, func() bool { return len(b.plugin.Push()) == 0 && b.plugin.buffer.size() == 0 }, 20*time.Second, 100*time.Millisecond)
	requireGapless(t, consume(t, cluster, "JNU_1_rasp", 4), 4)
}

func TestCloseWritesWhatIsInMemory(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t)
	b := newBench(t, cluster.ListenAddrs(), nil)
	running := runningOutput(t, b.plugin)
	for i := range 3000 {
		running.AddMetricNoCopy(reading("JNU", "pi", i))
	}
	require.NoError(t, b.plugin.Close())
	requireGapless(t, consume(t, cluster, "JNU_1_rasp", 3000), 3000)
}

// An input that waits for its metrics is told what became of each.
func TestTrackedMetricsAreAccepted(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t)
	b := newDurable(t, cluster.ListenAddrs(), t.TempDir(), nil)
	told := make(chan telegraf.DeliveryInfo, 2)
	for i, m := range []telegraf.Metric{reading("JNU", "pi", 0), reading("J_NU", "pi", 0)} {
		tracked, id := metric.WithTracking(m, func(info telegraf.DeliveryInfo) { told <- info })
		runningOutput(t, b.plugin).AddMetricNoCopy(tracked)
		info := <-told
		require.Equal(t, id, info.ID(), i)
		require.True(t, info.Delivered(), "also the one that is parked")
	}
}

// gate is a writer that takes what it is let.
type gate struct {
	mu      sync.Mutex
	err     error
	written []*entry
	sizes   []int
	open    chan struct{}
}

func (g *gate) write(entries []*entry) error {
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
	plugin.buffer.write = g.write
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

// What comes while a sync is under way is written with the next one, in order; and who is too fast waits.
func TestBufferSlowsAFastSenderDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, g, _ := newGated(t, 10_000)
		go b.run()
		added := 0
		go func() {
			for ; added < 3*maxGathered; added++ {
				b.add(entryOf(added))
			}
		}()
		synctest.Wait()
		require.Less(t, added, 3*maxGathered, "it waits for room")
		close(g.open)
		synctest.Wait()
		b.close()
		requireOrder(t, indices(0, 3*maxGathered), g.written)
		require.Equal(t, maxGathered, g.sizes[1], "what came meanwhile is written at once")
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
		require.Equal(t, 11, b.size(), "one that is being written, and ten")
		g.fail(nil)
		token(b.flush)
		synctest.Wait()
		b.close()
		requireOrder(t, append([]int{0}, indices(6, 16)...), g.written)
		text := strings.Join(log.Errors(), "\n")
		require.Contains(t, text, "disk on fire; the records wait, it is tried again")
		require.Equal(t, 1, strings.Count(text, "10 readings wait in memory, as many as metric_buffer_limit allows: from now on the oldest are dropped"))
		require.Contains(t, text, "5 readings were dropped")
	})
}

// A disk that hangs holds a sender up once, and then no longer.
func TestBufferDoesNotWaitForEverForADiskThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, g, _ := newGated(t, 5000)
		go b.run()
		began := time.Now()
		for i := range 10_000 {
			b.add(entryOf(i))
		}
		require.Equal(t, longestRoomWait, time.Since(began))
		close(g.open)
		b.close()
		require.Equal(t, 9999, int(g.written[len(g.written)-1].metric.Time().Sub(start).Seconds()))
		require.Greater(t, len(g.written), 5000)
		require.LessOrEqual(t, len(g.written), 5000+maxGathered)
	})
}

// A batch must fit into an outbox that is small.
func TestBufferWritesNoMoreAtOnceThanTheOutboxHolds(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t)
	b := newDurable(t, cluster.ListenAddrs(), t.TempDir(), func(k *KafkaSite) { k.OutboxMaxRecords, k.OutboxMaxSize = 100, 1<<20 })
	running := runningOutput(t, b.plugin)
	for i := range 1000 {
		running.AddMetric(reading("JNU", "pi", i))
	}
	require.Eventually(t, func() bool { return len(b.plugin.Push()) == 0 && b.plugin.buffer.size() == 0 }, 30*time.Second, 10*time.Millisecond)
	requireDrained(t, b)
	requireGapless(t, consume(t, cluster, "JNU_1_rasp", 1000), 1000)
}

// Telegraf reads this option of an output's section for its own buffer; it must come to ours, too.
func TestTelegrafsOptionForTheBuffer(t *testing.T) {
	t.Parallel()
	const section = "[[outputs.kafka_site]]\n brokers = [\"127.0.0.1:9\"]\n"
	for text, want := range map[string]int{"": 10_000, "metric_buffer_limit = 7\n": 7} {
		loaded := config.NewConfig()
		require.NoError(t, loaded.LoadConfigData([]byte(section+text), config.EmptySourcePath))
		require.Equal(t, want, loaded.Outputs[0].Output.(*KafkaSite).MetricBufferLimit)
	}
}
