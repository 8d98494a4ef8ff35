package simulate

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/test/bed/kafka"
)

func TestSimilarProblemsAreCounted(t *testing.T) {
	t.Parallel()
	log := siteLog{&journal{}}
	log.Warnf("No outbox is set: readings are in memory")
	log.Infof("all is well")
	log.Errorf("topic %q: not there", "SIM1_1_sim")
	log.Warn("slow")
	log.Error("topic ", `"SIM12_1_sim": not there`)
	require.Equal(t, []Problem{{`topic "SIM1_1_sim": not there`, 2}, {"slow", 1}}, log.list())
}

func TestReadingsOfADevice(t *testing.T) {
	t.Parallel()
	name, err := Options{Prefix: "SIM"}.name(0)
	require.NoError(t, err)
	d := newDevice(name, 0)
	at := time.Now()
	first, second := d.reading(at), d.reading(at)
	require.Equal(t, time.Millisecond, second.Time().Sub(first.Time()), "they would be one point")
	for range 10_000 {
		temp, ok := d.reading(at).GetField("temp")
		require.True(t, ok)
		require.InDelta(t, 12.5, temp, 32.5)
	}
}

func TestStationsAreDistributedEvenly(t *testing.T) {
	t.Parallel()
	o := Options{Stations: 11, Sites: 4}
	require.Equal(t, []int{3, 3, 3, 2}, []int{o.devices(0), o.devices(1), o.devices(2), o.devices(3)})
}

// Otherwise, the rate would be lower than configured.
func TestReadingsAreSpreadEvenly(t *testing.T) {
	t.Parallel()
	begin, interval := time.Now(), 20*time.Second
	var first []time.Duration
	for i := range 4 {
		s := &simulated{interval: interval, devices: make([]*device, 1), start: spread(begin, interval, i, 4)}
		first = append(first, s.start.Add(s.step()).Sub(begin))
		require.EqualValues(t, 3, s.dueBy(begin.Add(3*interval-1)))
	}
	require.Equal(t, []time.Duration{0, 5 * time.Second, 10 * time.Second, 15 * time.Second}, first)
}

func TestRunStopsWithTheContext(t *testing.T) {
	t.Parallel()
	cluster, err := kafka.StartEmbedded(kafka.EmbeddedOptions{})
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	o := Options{
		Brokers: cluster.Addresses(), Stations: 2, Sites: 1, Prefix: "SIM", Interval: 10 * time.Millisecond, Replication: 1,
		Outbox: filepath.Join(t.TempDir(), "outbox"),
	}
	require.NoError(t, o.Check())
	require.NoError(t, cluster.Cluster().CreateTopic("SIM1_1_sim", 1, nil))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	reports := 0
	summary, err := Run(ctx, o, func(p Progress) {
		require.Equal(t, p.Sites, p.Connected)
		require.Positive(t, p.Acknowledged)
		if reports++; reports == 2 {
			cancel()
		}
	})
	require.NoError(t, err)
	require.Equal(t, 2, reports)
	require.True(t, summary.OK(), summary)
	require.Equal(t, summary.Written, summary.Acknowledged)
}
