package endtoend

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/internal/record"
	"github.com/telegraf-station/telegraf-station/test/bed/arduino"
	"github.com/telegraf-station/telegraf-station/test/bed/influxdb"
	"github.com/telegraf-station/telegraf-station/test/bed/kafka"
	"github.com/telegraf-station/telegraf-station/test/bed/telegraf"
)

// readingsPerStation is the number of readings of each station. Every second one violates the schema.
const readingsPerStation = 1000

func TestWholePathOnEmbeddedParts(t *testing.T) {
	t.Parallel()
	wholePath(t, startEmbeddedKafka(t, kafka.EmbeddedOptions{Brokers: 3}), startInfluxDB1(t, influxdb.Options{}))
}

// wholePath sends the readings of two sites. Each must be in the topic of its site exactly once and in order, and in InfluxDB exactly once with
// the correct types, tags, status, and error values.
func wholePath(t *testing.T, brokers []string, store *influxdb.Server) {
	t.Helper()
	stations := []telegraf.Station{newStation(t, "JNU", brokers), newStation(t, "GIST", brokers)}
	startCentral(t, centralOf(brokers, store))
	readings := make([][]arduino.Reading, len(stations))
	for i, station := range stations {
		board := plug(t, station.Port)
		startStation(t, station)
		readings[i] = arduino.Readings(i, readingsPerStation)
		go printAll(board, readings[i])
	}
	for i, station := range stations {
		times := requireInKafka(t, station, readings[i])
		requireInInfluxDB(t, store, station, readings[i], times)
	}
	for _, station := range stations {
		requireAgentInInfluxDB(t, store, station)
	}
	for _, station := range stations {
		requireTopicInInfluxDB(t, store, station)
	}
}

// requireAgentInInfluxDB requires the health of the agent, which arrives with its readings. Call it soon: the port of a silent board is
// reopened after a while.
func requireAgentInInfluxDB(t *testing.T, store *influxdb.Server, station telegraf.Station) {
	t.Helper()
	agents := query(t, store, "SELECT * FROM kafka_sites_agent"+ofStation(station))
	require.GreaterOrEqual(t, len(agents), readingsPerStation/50, "at least one per 50 records")
	for _, name := range record.HealthNames() {
		require.Contains(t, agents[0], name)
	}
	require.Equal(t, station.DeviceID, agents[0]["id"])
	last := agents[len(agents)-1]
	require.Equal(t, json.Number("1"), last["port_opens"])
	require.NotEqual(t, json.Number("0"), last["written"])
	require.Equal(t, json.Number("0"), last["rejected_checksum"])
}

func ofStation(station telegraf.Station) string {
	return fmt.Sprintf(` WHERE site = '%s' AND "index" = '%s' AND type = '%s'`, station.Site, station.Index, station.Type)
}

// requireTopicInInfluxDB requires the metric of the topic, which the central Telegraf reports every interval.
func requireTopicInInfluxDB(t *testing.T, store *influxdb.Server, station telegraf.Station) {
	t.Helper()
	var topics []map[string]any
	require.Eventually(t, func() bool {
		topics = query(t, store, fmt.Sprintf("SELECT * FROM kafka_sites_topic%s AND lag = 0 AND group_offset >= %d", ofStation(station), readingsPerStation))
		return len(topics) > 0
	}, waitLimit, 100*time.Millisecond, "the topic of %s", station.Site)
	topic := topics[0]
	require.Equal(t, "telegraf-station", topic["group"])
	require.Equal(t, topic["newest_offset"], topic["group_offset"])
	for name, want := range map[string]string{"stations": "1", "lost": "0", "given_up": "0"} {
		require.Equal(t, json.Number(want), topic[name], name)
	}
	age, err := topic["newest_age"].(json.Number).Float64()
	require.NoError(t, err)
	require.Less(t, age, waitLimit.Seconds())
	types, err := store.FieldTypes(t.Context(), "kafka_sites_topic")
	require.NoError(t, err)
	require.Equal(t, "float", types["newest_age"])
	require.Equal(t, "integer", types["lag"])
	require.NotContains(t, topic, "partition")
}

// printAll blocks while the reader lags. If it fails, the test reports the missing readings.
func printAll(board *arduino.Board, readings []arduino.Reading) {
	for _, reading := range readings {
		if board.Print(reading.Line) != nil {
			return
		}
	}
}

func startEmbeddedKafka(t *testing.T, options kafka.EmbeddedOptions) []string {
	t.Helper()
	embedded, err := kafka.StartEmbedded(options)
	require.NoError(t, err)
	t.Cleanup(embedded.Close)
	return embedded.Addresses()
}

func startInfluxDB1(t *testing.T, options influxdb.Options) *influxdb.Server {
	t.Helper()
	if testing.Short() {
		t.Skip("slow: builds InfluxDB")
	}
	options.Dir, options.Log = t.TempDir(), os.Stderr
	store, err := influxdb.StartV1(t.Context(), options)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return store
}
