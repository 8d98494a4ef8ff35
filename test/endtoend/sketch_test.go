//go:build real

package endtoend

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/test/bed/arduino"
	"github.com/telegraf-station/telegraf-station/test/bed/avr"
	"github.com/telegraf-station/telegraf-station/test/bed/influxdb"
	"github.com/telegraf-station/telegraf-station/test/bed/kafka"
)

// TestSketchOnASimulatedBoard uses real parts: our sketch on a simulated Uno with voltages on its pins and a GPS, our Telegraf, Kafka, the
// central Telegraf, and InfluxDB 2. The points must match the voltages, whatever happens to the sensors and the board.
func TestSketchOnASimulatedBoard(t *testing.T) {
	t.Parallel()
	require.Empty(t, avr.Missing(), "run test/bed/install/packages.sh")
	sketch, err := avr.Compile(t.Context(), "uno", nil, os.Stderr)
	require.NoError(t, err)
	cluster, err := kafka.StartReal(t.Context(), kafka.Options{Dir: t.TempDir(), Log: os.Stderr})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, cluster.Close()) })
	store, err := influxdb.StartV2(t.Context(), influxdb.Options{Dir: t.TempDir(), Log: os.Stderr})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	mapV1Queries(t, store)
	station := newStation(t, "JNU", cluster.Addresses())
	board := plug(t, station.Port)
	startCentral(t, centralOf(cluster.Addresses(), store))

	script, readings := failingStation()
	running, err := avr.Start(t.Context(), avr.Options{Firmware: sketch, Script: script, Dir: t.TempDir(), Output: board})
	require.NoError(t, err)
	startStation(t, station) // reads what was printed earlier
	<-running.Done()
	require.NoError(t, running.Err(), running.Tail())

	times := requireInKafka(t, station, readings)
	requireInInfluxDB(t, store, station, readings, times)
}

// failingStation loses its position, then three sensors, and is then reset without its dust sensor, for three readings each.
func failingStation() (*avr.Script, []arduino.Reading) {
	rmc, gga := avr.Position(35*600000+107754, 126*600000+544932)
	script := new(avr.Script).
		Voltages(0, avr.Reference()).GPS(100*time.Millisecond, rmc).
		GPS(3300*time.Millisecond, "GPRMC,020003.00,V,,,,,,,241126,,,N").
		GPS(6300*time.Millisecond, gga).ADC(6500*time.Millisecond, avr.CoGas, avr.TornOff).
		ADC(6500*time.Millisecond, avr.Temperature, avr.TornOff).ADC(6500*time.Millisecond, avr.Light, avr.Saturated).
		Voltages(9500*time.Millisecond, avr.Reference()).ADC(9500*time.Millisecond, avr.Dust, avr.TornOff).Reset(9500*time.Millisecond).
		GPS(9800*time.Millisecond, rmc).Stop(13200 * time.Millisecond)
	var readings []arduino.Reading
	for range 3 {
		readings = append(readings, known(0, nil))
	}
	for range 3 {
		readings = append(readings, known(1, map[string]any{"lat": nil, "lon": nil}))
	}
	for range 3 {
		readings = append(readings, known(1, map[string]any{"co_gas": int64(-1), "temp": -999.0, "light": int64(1023)}))
	}
	for range 3 {
		readings = append(readings, known(1, map[string]any{"dust": nil}))
	}
	return script, readings
}

// known returns the reading for the voltages of avr.Reference, except for some values; nil is left out. The 600 mV for dust are 122 steps of
// the converter: 170 * 122 * 5 / 1024 - 100 = 1.27.
func known(status int64, others map[string]any) arduino.Reading {
	values := map[string]any{
		"lat": 35.17959, "lon": 126.90822, "alcohol_gas": int64(9), "co_gas": int64(117), "temp": 26.37, "light": int64(554), "dust": 1.27,
	}
	for name, value := range others {
		delete(values, name)
		if value != nil {
			values[name] = value
		}
	}
	return arduino.Reading{Status: status, Values: values}
}
