package endtoend

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/test/arduino"
	"github.com/telegraf-station/telegraf-station/test/influxdb"
	"github.com/telegraf-station/telegraf-station/test/kafka"
	"github.com/telegraf-station/telegraf-station/test/telegraf"
)

// readingsPerStation are written by each station, every second one with an error of the schema.
const readingsPerStation = 1000

func TestTheWholeWayOnEmbeddedParts(t *testing.T) {
	t.Parallel()
	theWholeWay(t, startEmbeddedKafka(t, kafka.EmbeddedOptions{Brokers: 3}), startInfluxDB1(t, influxdb.Options{}))
}

// theWholeWay sends the readings of two sites: each is in its site's topic exactly once and in order,
// and in InfluxDB exactly once with the right types, tags, status and error values.
func theWholeWay(t *testing.T, brokers []string, store *influxdb.Server) {
	t.Helper()
	stations := []telegraf.Station{newStation(t, "JNU", brokers), newStation(t, "GIST", brokers)}
	startCentre(t, centreOf(brokers, store))
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
}

// printAll waits while the reader is behind; should it fail, the test says which readings are missing.
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
	options.Dir, options.Log = t.TempDir(), os.Stderr
	store, err := influxdb.StartV1(t.Context(), options)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return store
}
