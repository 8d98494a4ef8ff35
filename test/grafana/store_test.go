//go:build real

// Package grafana runs the queries of the shipped dashboards and alert rules on a real InfluxDB, as Grafana would.
package grafana

import (
	"os"
	"strings"
	"testing"

	influxdb2 "github.com/influxdata/influxdb-client-go/v2"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/telegraf-station/telegraf-station/test/bed/influxdb"
	"github.com/telegraf-station/telegraf-station/test/bed/process"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// store is an InfluxDB with a database for InfluxQL, as the data sources need it.
type store struct {
	*influxdb.Server
	client influxdb2.Client
}

// filled starts a store with the points of the fleet.
func filled(t *testing.T) *store {
	t.Helper()
	s := started(t)
	s.write(t, fleet())
	return s
}

func started(t *testing.T) *store {
	t.Helper()
	server, err := influxdb.StartV2(t.Context(), influxdb.Options{Dir: t.TempDir(), Log: os.Stderr})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	client := influxdb2.NewClientWithOptions(server.URL(), server.Token(), influxdb2.DefaultOptions().SetHTTPRequestTimeout(120))
	t.Cleanup(client.Close)
	mapDatabase(t, server)
	return &store{server, client}
}

// mapDatabase runs the shipped script.
func mapDatabase(t *testing.T, server *influxdb.Server) {
	t.Helper()
	var output strings.Builder
	require.NoError(t, process.Run(t.Context(), process.Command{
		Path: "../../conf/central/influxdb-v1-query.sh", Output: &output,
		Env: []string{
			"INFLUX_URL=" + server.URL(), "INFLUX_TOKEN=" + server.Token(),
			"INFLUX_ORG=" + server.Organization(), "INFLUX_BUCKET=" + server.Bucket(),
		},
	}), output.String())
}

func (s *store) write(t *testing.T, lines []string) {
	t.Helper()
	const batch = 5000
	api := s.client.WriteAPIBlocking(s.Organization(), s.Bucket())
	for len(lines) > 0 {
		count := min(batch, len(lines))
		require.NoError(t, api.WriteRecord(t.Context(), strings.Join(lines[:count], "\n")))
		lines = lines[count:]
	}
}
