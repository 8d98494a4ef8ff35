//go:build real

package site

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/test/bed/influxdb"
)

func TestRealInfluxDBGetsBucketAndMapping(t *testing.T) {
	t.Parallel()
	server, err := influxdb.StartV2(t.Context(), influxdb.Options{Dir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	for bucket, want := range map[string]string{
		server.Bucket(): `= bucket "station" in InfluxDB
+ database "station" for v1 queries shows bucket "station" (DBRP)
`,
		"fleet": `+ bucket "fleet" in InfluxDB, which keeps its points indefinitely
+ database "fleet" for v1 queries shows bucket "fleet" (DBRP)
`,
	} {
		i := NewInflux(server.URL(), server.Token(), server.Organization(), bucket, bucket)
		t.Cleanup(i.Close)
		first := &Plan{}
		require.NoError(t, i.plan(t.Context(), first))
		require.Equal(t, want, text(t, first))
		killedAfter(t, first, 1)
		again := &Plan{}
		require.NoError(t, i.plan(t.Context(), again))
		apply(t, again)
		last := &Plan{}
		require.NoError(t, i.plan(t.Context(), last))
		require.Zero(t, last.Changes(), text(t, last))
	}
	other := NewInflux(server.URL(), server.Token(), server.Organization(), "fleet", "station")
	t.Cleanup(other.Close)
	p := &Plan{}
	require.NoError(t, other.plan(t.Context(), p))
	require.Contains(t, text(t, p), `! database "station" for v1 queries shows another bucket (ID `)

	wrong := NewInflux(server.URL(), "wrong", server.Organization(), "fleet", "station")
	t.Cleanup(wrong.Close)
	require.ErrorContains(t, wrong.plan(t.Context(), &Plan{}), "unauthorized")
}
