//go:build real

package audit

import (
	"context"
	"maps"
	"testing"
	"time"

	influxdb2 "github.com/influxdata/influxdb-client-go/v2"
	"github.com/influxdata/influxdb-client-go/v2/api/write"
	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/test/bed/influxdb"
)

// bucket is a real InfluxDB's, with the points of what a stage's topics hold.
type bucket struct {
	*stage
	server *influxdb.Server
	client influxdb2.Client
}

func newBucket(t *testing.T) *bucket {
	t.Helper()
	server, err := influxdb.StartV2(t.Context(), influxdb.Options{Dir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	client := influxdb2.NewClient(server.URL(), server.Token())
	t.Cleanup(client.Close)
	return &bucket{newStage(t), server, client}
}

// put writes points as conf/central does.
func (b *bucket) put(device string, more map[string]string, seqs ...int) {
	b.t.Helper()
	var points []*write.Point
	for _, seq := range seqs {
		tags := map[string]string{"id": device, "site": "JNU", "index": "1", "type": "rasp"}
		maps.Copy(tags, more)
		at := begin.Add(time.Duration(seq) * time.Second)
		points = append(points, influxdb2.NewPoint("JNU_rasp", tags, map[string]any{"status": 0, "temp": 26.5, "light": 554}, at))
	}
	require.NoError(b.t, b.client.WriteAPIBlocking(b.server.Organization(), b.server.Bucket()).WritePoint(b.t.Context(), points...))
}

// remove deletes the points from one number to another.
func (b *bucket) remove(from, to int) {
	b.t.Helper()
	start, stop := begin.Add(time.Duration(from)*time.Second), begin.Add(time.Duration(to)*time.Second+1)
	require.NoError(b.t, b.client.DeleteAPI().DeleteWithName(b.t.Context(), b.server.Organization(), b.server.Bucket(), start, stop, `id="pi"`))
}

func (b *bucket) compare() *Report {
	b.t.Helper()
	store := NewInfluxDB(b.server.URL(), b.server.Token(), b.server.Organization(), b.server.Bucket())
	defer store.Close()
	ctx, cancel := context.WithTimeout(b.t.Context(), time.Minute)
	defer cancel()
	report, err := Run(ctx, Options{Brokers: b.cluster.Addresses(), Topics: []string{"JNU_1_rasp"}, Store: store})
	require.NoError(b.t, err)
	return report
}

func upTo(n int) (seqs []int) {
	for seq := 1; seq <= n; seq++ {
		seqs = append(seqs, seq)
	}
	return seqs
}

func TestRealInfluxDBIsCompared(t *testing.T) {
	t.Parallel()
	b := newBucket(t)
	// A key that would end the string of a query or be run in it, did the audit not quote it. (Line protocol carries no tab and no line feed in a tag.)
	hostile := `a"b\c${string(v: 1)}` + "\u200b온도"
	b.write("JNU_1_rasp", numbers(firstEpoch, upTo(500)...)...)
	b.write("JNU_1_rasp", numbers(firstEpoch, 499, 500)...)
	for seq := 1; seq <= 3; seq++ {
		b.write("JNU_1_rasp", written{device: hostile, epoch: firstEpoch, seq: seq})
	}
	b.put("pi", nil, upTo(500)...)
	b.put("pi", nil, 1, 2) // points of the same time and tags are one
	b.put(hostile, nil, 1, 2, 3)
	b.put("pi", nil, 501, 502) // what Kafka has deleted may be there still
	report := b.compare()
	require.True(t, report.OK(), "%+v", report)
	require.EqualValues(t, 505, report.Records())

	b.remove(11, 17)
	b.remove(400, 400)
	b.put("pi", map[string]string{"host": "central-2"}, 30, 31)
	report = b.compare()
	require.False(t, report.OK())
	require.EqualValues(t, 8, report.Missing())
	require.EqualValues(t, 2, report.Doubled())
	require.Zero(t, report.Lost())
	devices := report.Topics[0].Devices
	require.Equal(t, hostile, devices[0].ID)
	require.Zero(t, devices[0].Missing+devices[0].Doubled)
	require.Len(t, devices[1].MissingTimes, shownTimes)
	require.Equal(t, begin.Add(11*time.Second), devices[1].MissingTimes[0])
}

func TestRealInfluxDBThatCannotBeAsked(t *testing.T) {
	t.Parallel()
	b := newBucket(t)
	b.write("JNU_1_rasp", numbers(firstEpoch, 1)...)
	for want, store := range map[string]*InfluxDB{
		`InfluxDB bucket "nowhere": `: NewInfluxDB(b.server.URL(), b.server.Token(), b.server.Organization(), "nowhere"),
		`unauthorized`:                NewInfluxDB(b.server.URL(), "wrong", b.server.Organization(), b.server.Bucket()),
		`connection refused`:          NewInfluxDB("http://127.0.0.1:1", b.server.Token(), b.server.Organization(), b.server.Bucket()),
	} {
		_, err := Run(t.Context(), Options{Brokers: b.cluster.Addresses(), Topics: []string{"JNU_1_rasp"}, Store: store})
		store.Close()
		require.ErrorContains(t, err, want)
	}
}
