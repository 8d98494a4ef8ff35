package endtoend

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/test/bed/arduino"
	"github.com/telegraf-station/telegraf-station/test/bed/influxdb"
	"github.com/telegraf-station/telegraf-station/test/bed/kafka"
	"github.com/telegraf-station/telegraf-station/test/bed/process"
	"github.com/telegraf-station/telegraf-station/test/bed/telegraf"
)

// TestPartsMayBeMissingAtBoot starts both Telegraf instances with nothing else running. The port, the brokers, and InfluxDB appear later, in
// every order, and nothing has to be restarted.
func TestPartsMayBeMissingAtBoot(t *testing.T) {
	t.Parallel()
	for _, order := range []string{
		"port kafka influxdb", "port influxdb kafka", "kafka port influxdb", "kafka influxdb port", "influxdb port kafka", "influxdb kafka port",
	} {
		t.Run(order, func(t *testing.T) {
			t.Parallel()
			partsAppear(t, strings.Fields(order))
		})
	}
}

func partsAppear(t *testing.T, order []string) {
	t.Helper()
	ports, err := process.ReservePorts(4)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, process.ReleasePorts(ports...)) })
	brokers := []string{ports[0].Address(), ports[1].Address(), ports[2].Address()}
	station := newStation(t, "JNU", brokers)
	pi := startStation(t, station)
	central := startCentral(t, telegraf.Central{Brokers: brokers, URL: "http://" + ports[3].Address(), Token: "station:station", Bucket: "station/autogen"})
	// Each of them has failed before anything appears.
	waitForLog(t, pi, "no such device; plug in the board")
	waitForLog(t, central, "cannot list the topics: broker ")

	readings := arduino.Readings(1, 20)
	var store *influxdb.Server
	for _, part := range order {
		switch part {
		case "port":
			printAll(plug(t, station.Port), readings)
			waitForLog(t, pi, "Reading from "+station.Port)
		case "kafka":
			startEmbeddedKafka(t, kafka.EmbeddedOptions{Ports: []int{ports[0].Number(), ports[1].Number(), ports[2].Number()}})
		case "influxdb":
			store = startInfluxDB1(t, influxdb.Options{Port: ports[3].Number()})
		}
	}
	times := requireInKafka(t, station, readings)
	requireInInfluxDB(t, store, station, readings, times)
	require.NoError(t, pi.Err())
	require.NoError(t, central.Err())
}

func waitForLog(t *testing.T, running *process.Process, text string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), waitLimit)
	defer cancel()
	require.NoError(t, running.WaitForLog(ctx, text))
}
