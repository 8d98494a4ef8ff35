//go:build real

package endtoend

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/test/bed/influxdb"
	"github.com/telegraf-station/telegraf-station/test/bed/kafka"
	"github.com/telegraf-station/telegraf-station/test/bed/process"
)

func TestWholePathOnRealParts(t *testing.T) {
	t.Parallel()
	cluster, err := kafka.StartReal(t.Context(), kafka.Options{Dir: t.TempDir(), Log: os.Stderr})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, cluster.Close()) })
	store, err := influxdb.StartV2(t.Context(), influxdb.Options{Dir: t.TempDir(), Log: os.Stderr})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })

	require.Contains(t, mapV1Queries(t, store), `database "station" now shows bucket "station"`)
	require.Contains(t, mapV1Queries(t, store), `database "station" is already mapped`, "another run changes nothing")
	wholePath(t, cluster.Addresses(), store)
}

// mapV1Queries runs the shipped script and returns its output.
func mapV1Queries(t *testing.T, store *influxdb.Server) string {
	t.Helper()
	var output strings.Builder
	require.NoError(t, process.Run(t.Context(), process.Command{
		Path: "../../conf/central/influxdb-v1-query.sh", Output: &output,
		Env: []string{"INFLUX_URL=" + store.URL(), "INFLUX_TOKEN=" + store.Token(), "INFLUX_ORG=" + store.Organization(), "INFLUX_BUCKET=" + store.Bucket()},
	}), output.String())
	return output.String()
}
