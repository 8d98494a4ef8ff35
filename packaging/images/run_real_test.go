//go:build real

package images

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/telegraf-station/telegraf-station/test/bed/arduino"
	"github.com/telegraf-station/telegraf-station/test/bed/influxdb"
	"github.com/telegraf-station/telegraf-station/test/bed/kafka"
)

const line = `{"lat":35.17959,"lon":126.90822,"alcohol_gas":9,"co_gas":117,"temp":26.52,"light":554,"dust":0.05}` + "\r\n"

func TestTheWholeWayInContainers(t *testing.T) {
	t.Parallel()
	cluster, err := kafka.StartReal(t.Context(), kafka.Options{Dir: t.TempDir(), Log: os.Stderr})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, cluster.Close()) })
	store, err := influxdb.StartV2(t.Context(), influxdb.Options{Dir: t.TempDir(), Log: os.Stderr})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	brokers := "KAFKA_BROKERS=" + strings.Join(cluster.Addresses(), ",")

	settings := []string{
		brokers, "STATION_REFRESH_INTERVAL=1s",
		"INFLUX_URL=" + store.URL(), "INFLUX_TOKEN=" + store.Token(), "INFLUX_ORG=" + store.Organization(), "INFLUX_BUCKET=" + store.Bucket(),
	}
	inCentral := newContainer(t, centralImage, settings...)
	central := inCentral.start(t, "")
	inCentral.requireHealthy(t)
	requireUnprivileged(t, agent(t, central))

	board := plug(t)
	inStation := newContainer(t, station, brokers, "STATION_PORT="+port(t, board), "STATION_DEVICE_ID=RaspberryPi")
	state := volume(t)
	requireTestShowsAReading(t, inStation, board)

	running := inStation.start(t, state)
	require.NoError(t, board.Print(line))
	awaited(t, time.Minute, func() error { return isInInfluxDB(t, store, 1) })
	requireUnprivileged(t, agent(t, running))
	require.DirExists(t, filepath.Join(state, "outbox"), "on the volume")
	requireNothingElseInInfluxDB(t, store)
	requireDashboardShows(t, store)

	// As with --scale central=2.
	second := newContainer(t, centralImage, settings...)
	second.start(t, "")
	second.requireHealthy(t)
	require.NoError(t, central.Kill())
	require.NoError(t, board.Print(line))
	awaited(t, 2*time.Minute, func() error { return isInInfluxDB(t, store, 2) })

	requireHealthFollowsAgent(t, inStation, agent(t, running), running.Kill)
	second.requireHealthy(t) // without a station
}

// plug makes the user of the image the owner of the board. In a container engine, the group of the serial ports grants access.
func plug(t *testing.T) *arduino.Board {
	t.Helper()
	board, err := arduino.Plug(filepath.Join(t.TempDir(), "ttyACM0"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, board.Unplug()) })
	return board
}

// port returns the path of the board in the container: the isolation "chroot" of buildah uses /dev of this machine.
func port(t *testing.T, board *arduino.Board) string {
	t.Helper()
	path, err := filepath.EvalSymlinks(board.Path())
	require.NoError(t, err)
	require.NoError(t, os.Chown(path, 65532, 65532))
	return path
}

// volume creates a directory that belongs to the user of the image, like a new volume of a container engine.
func volume(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.Chown(dir, 65532, 65532))
	return dir
}

func requireTestShowsAReading(t *testing.T, c *container, board *arduino.Board) {
	t.Helper()
	// One line per attempt.
	awaited(t, time.Minute, func() error {
		require.NoError(t, board.Print(line))
		output, err := c.once(t, "/usr/bin/telegraf", "--test")
		require.NoError(t, err, output)
		if !strings.Contains(output, "> environment,device_id=RaspberryPi,index=1,site=JNU,type=rasp "+
			"alcohol_gas=9i,co_gas=117i,dust=0.05,lat=35.17959,light=554i,lon=126.90822,status=0i,temp=26.52 ") {
			return fmt.Errorf("no reading in %q", output)
		}
		return nil
	})
}

// isInInfluxDB returns an error if InfluxDB has fewer than count readings, and fails if their values differ from those of the line.
func isInInfluxDB(t *testing.T, store *influxdb.Server, count int) error {
	t.Helper()
	series, err := store.Query(t.Context(), "SELECT temp, light FROM JNU_rasp WHERE id = 'RaspberryPi' AND site = 'JNU'")
	require.NoError(t, err)
	if len(series) == 0 || len(series[0].Values) < count {
		return fmt.Errorf("fewer than %d readings in InfluxDB: %v", count, series)
	}
	require.Len(t, series[0].Values, count)
	for _, row := range series[0].Values {
		require.Equal(t, []any{json.Number("26.52"), json.Number("554")}, row[1:])
	}
	return nil
}

// The internal counters of the agent, which the health check uses, must not be written to InfluxDB.
func requireNothingElseInInfluxDB(t *testing.T, store *influxdb.Server) {
	t.Helper()
	time.Sleep(11 * time.Second) // they are collected every 10 seconds
	series, err := store.Query(t.Context(), "SHOW MEASUREMENTS")
	require.NoError(t, err)
	for _, row := range series[0].Values {
		require.Contains(t, []any{"JNU_rasp", "kafka_sites_agent", "kafka_sites_topic"}, row[0])
	}
}

// requireDashboardShows runs the queries of the station dashboard, because Grafana itself cannot run here; test/grafana covers the rest.
func requireDashboardShows(t *testing.T, store *influxdb.Server) {
	t.Helper()
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Query string }
		}
	}
	require.NoError(t, json.Unmarshal(content(t, "../../conf/grafana/dashboards/station.json"), &dashboard))
	require.NotEmpty(t, dashboard.Panels)
	grafana := strings.NewReplacer("$timeFilter", "time > now() - 1h", "$__interval_ms", "10000", "$__interval", "10s",
		"${site}", "JNU", "${type}", "rasp", "${index:regex}", "1", "${id:regex}", "RaspberryPi")
	for _, panel := range dashboard.Panels {
		series, err := store.Query(t.Context(), grafana.Replace(panel.Targets[0].Query))
		require.NoError(t, err, panel.Title)
		require.Len(t, series, 1, panel.Title)
		require.Equal(t, map[string]string{"id": "RaspberryPi", "index": "1"}, series[0].Tags, panel.Title)
	}
}

func requireHealthFollowsAgent(t *testing.T, c *container, pid int, kill func() error) {
	t.Helper()
	c.requireHealthy(t)
	require.NoError(t, unix.Kill(pid, unix.SIGSTOP))
	c.requireUnhealthy(t, "the agent does not respond") // frozen
	require.NoError(t, unix.Kill(pid, unix.SIGCONT))
	c.requireHealthy(t)
	require.NoError(t, kill())
	c.requireUnhealthy(t, "the agent does not respond") // killed
}

// Without Kafka and InfluxDB, the agent waits and is healthy. It is unhealthy if no metric gets through it.
func TestHealthWithoutKafka(t *testing.T) {
	t.Parallel()
	nowhere := []string{"KAFKA_BROKERS=127.0.0.1:1", "INFLUX_URL=http://127.0.0.1:1", "INFLUX_TOKEN=x"}
	waits := newContainer(t, centralImage, nowhere...)
	waits.start(t, "")
	stuck := newContainer(t, centralImage, append(nowhere, "STATION_HEALTH_LIMIT=1ms")...)
	stuck.start(t, "")
	waits.requireHealthy(t)
	stuck.requireUnhealthy(t, "not healthy: ")
	time.Sleep(11 * time.Second) // a period of the counters
	waits.requireHealthy(t)
}

func TestThereIsNoShell(t *testing.T) {
	t.Parallel()
	require.Error(t, newContainer(t, station).run(t, "/bin/sh: no such file or directory", "/bin/sh", "-c", "true"))
}

// Both programs of the image start, and they accept the configuration.
func TestProgramsRun(t *testing.T) {
	t.Parallel()
	for name, env := range map[string]string{station: "STATION_SITE=JNU", centralImage: "INFLUX_TOKEN=x"} {
		c := newContainer(t, name, env)
		require.NoError(t, c.run(t, "+station-", "/usr/bin/telegraf", "version"))
		require.NoError(t, c.run(t, "stationctl version "+strings.TrimSpace(string(content(t, "../../VERSION"))), "/usr/bin/stationctl", "--version"))
		output, err := c.once(t, "/usr/bin/telegraf", "config", "check",
			"--config", "/etc/telegraf/telegraf.conf", "--config-directory", "/etc/telegraf/telegraf.d")
		require.NoError(t, err, output)
	}
}
