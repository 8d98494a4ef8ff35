// Package endtoend tests the whole path, from a line of an Arduino to a point in InfluxDB, with the real programs and the shipped configurations.
package endtoend

import (
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/test/bed/arduino"
	"github.com/telegraf-station/telegraf-station/test/bed/influxdb"
	"github.com/telegraf-station/telegraf-station/test/bed/kafka"
	"github.com/telegraf-station/telegraf-station/test/bed/process"
	"github.com/telegraf-station/telegraf-station/test/bed/telegraf"
)

func TestMain(m *testing.M) {
	flag.Parse()
	_ = flag.Set("test.parallel", "8") // the tests wait most of the time
	os.Exit(m.Run())
}

// telegrafBinary is built once for all tests of the package.
var telegrafBinary = sync.OnceValues(func() (string, error) { return telegraf.Build(context.Background(), os.Stderr) })

func binary(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("slow: builds and runs Telegraf")
	}
	path, err := telegrafBinary()
	require.NoError(t, err)
	return path
}

// newStation returns a station whose simulated board is not plugged in yet.
func newStation(t *testing.T, site string, brokers []string) telegraf.Station {
	t.Helper()
	return telegraf.Station{
		Port: filepath.Join(t.TempDir(), "ttyACM0"), DeviceID: "Raspberry" + site, Site: site, Index: "1", Type: "rasp", Brokers: brokers,
	}
}

func startStation(t *testing.T, station telegraf.Station) *process.Process {
	t.Helper()
	running, err := station.Start(binary(t), t.TempDir())
	return stopAtEnd(t, running, err)
}

func startCentral(t *testing.T, central telegraf.Central) *process.Process {
	t.Helper()
	central.RefreshInterval = time.Second
	central.Edit = func(configuration string) string { // report the topics sooner
		return strings.Replace(configuration, "\n  interval = \"30s\"\n", "\n  interval = \"1s\"\n", 1)
	}
	running, err := central.Start(binary(t), t.TempDir())
	return stopAtEnd(t, running, err)
}

// centralOf returns a central Telegraf that writes to a running store.
func centralOf(brokers []string, store *influxdb.Server) telegraf.Central {
	return telegraf.Central{Brokers: brokers, URL: store.URL(), Token: store.Token(), Org: store.Organization(), Bucket: store.Bucket()}
}

// stopAtEnd stops a Telegraf when the test ends, and shows its log if the test failed.
func stopAtEnd(t *testing.T, running *process.Process, err error) *process.Process {
	t.Helper()
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, running.Stop(20*time.Second))
		if t.Failed() {
			t.Logf("Telegraf log:\n%s", running.Tail())
		}
	})
	return running
}

func plug(t *testing.T, path string) *arduino.Board {
	t.Helper()
	board, err := arduino.Plug(path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, board.Unplug()) })
	return board
}

// requireInKafka requires every reading in the topic exactly once, in order, numbered without a gap, in the JSON form of the design. It
// returns the times of the records.
func requireInKafka(t *testing.T, station telegraf.Station, readings []arduino.Reading) []time.Time {
	t.Helper()
	records := waitForRecords(t, station, len(readings))
	times := make([]time.Time, 0, len(records))
	for i, record := range records {
		require.Equal(t, station.DeviceID, string(record.Key))
		require.Equal(t, fmt.Sprint(i+1), record.Headers["station-seq"])
		require.Equal(t, records[0].Headers["station-epoch"], record.Headers["station-epoch"])
		var value struct {
			Time time.Time `json:"time"`
		}
		require.NoError(t, json.Unmarshal(record.Value, &value))
		require.Equal(t, wantedRecord(station, readings[i], value.Time), string(record.Value))
		times = append(times, value.Time)
	}
	return times
}

// wantedRecord returns the JSON of a record, to compare also the order of the keys and the form of the numbers.
func wantedRecord(station telegraf.Station, reading arduino.Reading, stamp time.Time) string {
	var record strings.Builder
	fmt.Fprintf(&record, `{"device_id":%q,"status":%d,"time":%q`, station.DeviceID, reading.Status, stamp.Format(time.RFC3339Nano))
	for _, name := range []string{"lat", "lon", "alcohol_gas", "co_gas", "temp", "light", "dust"} {
		switch value := reading.Values[name].(type) {
		case int64:
			fmt.Fprintf(&record, `,%q:%d`, name, value)
		case float64:
			text := fmt.Sprint(value)
			if !strings.ContainsAny(text, ".e") {
				text += ".0"
			}
			if strings.Contains(text, "e-05") { // dust of the first readings
				text = strings.TrimRight(fmt.Sprintf("%.5f", value), "0")
			}
			fmt.Fprintf(&record, `,%q:%s`, name, text)
		}
	}
	return record.String() + "}"
}

// columns are the names in a point that differ from those in a record.
var columns = map[string]string{"lat": "latitude", "lon": "longitude"}

// requireInInfluxDB requires every reading as one point, with the types, tags, and error values of the design, at the time of its record.
func requireInInfluxDB(t *testing.T, store *influxdb.Server, station telegraf.Station, readings []arduino.Reading, times []time.Time) {
	t.Helper()
	waitForPoints(t, store, station, len(readings))
	rows := query(t, store, "SELECT * FROM "+station.Measurement())
	require.Len(t, rows, len(readings))
	for i, row := range rows {
		want := map[string]any{
			"time": number(times[i].UnixNano()), "status": number(readings[i].Status),
			"id": station.DeviceID, "site": station.Site, "index": station.Index, "type": station.Type,
		}
		for _, name := range []string{"lat", "lon", "alcohol_gas", "co_gas", "temp", "light", "dust"} {
			want[cmp.Or(columns[name], name)] = number(readings[i].Values[name])
		}
		for name, value := range row {
			if text, ok := value.(json.Number); ok && name != "time" && !isInt(want[name]) {
				float, err := text.Float64()
				require.NoError(t, err)
				row[name] = float
			}
		}
		require.Equal(t, want, row, "point %d of %s", i, station.Measurement())
	}
	requireFieldTypes(t, store, station)
}

// number returns an int64 in the form of a query result; a float64, and nil for a missing value, are unchanged.
func number(value any) any {
	if integer, ok := value.(int64); ok {
		return json.Number(fmt.Sprint(integer))
	}
	return value
}

func isInt(value any) bool {
	_, ok := value.(json.Number)
	return ok
}

func requireFieldTypes(t *testing.T, store *influxdb.Server, station telegraf.Station) {
	t.Helper()
	types, err := store.FieldTypes(t.Context(), station.Measurement())
	require.NoError(t, err)
	require.Equal(t, map[string]string{
		"status": "integer", "latitude": "float", "longitude": "float", "alcohol_gas": "integer", "co_gas": "integer",
		"temp": "float", "light": "integer", "dust": "float",
	}, types)
}

// query returns the rows of a result by their columns.
func query(t *testing.T, store *influxdb.Server, influxQL string) []map[string]any {
	t.Helper()
	series, err := store.Query(t.Context(), influxQL)
	require.NoError(t, err)
	var rows []map[string]any
	for _, one := range series {
		for _, values := range one.Values {
			row := make(map[string]any)
			for i, column := range one.Columns {
				row[column] = values[i]
			}
			rows = append(rows, row)
		}
	}
	return rows
}

// waitLimit limits each wait: a reading takes about a second, but the machine may be busy.
const waitLimit = 2 * time.Minute

func waitForPoints(t *testing.T, store *influxdb.Server, station telegraf.Station, n int) {
	t.Helper()
	require.Eventually(t, func() bool {
		series, err := store.Query(t.Context(), "SELECT count(status) FROM "+station.Measurement())
		return err == nil && len(series) == 1 && series[0].Values[0][1] == json.Number(strconv.Itoa(n))
	}, waitLimit, 100*time.Millisecond, "%d points of %s", n, station.Measurement())
}

func waitForRecords(t *testing.T, station telegraf.Station, n int) []kafka.Record {
	t.Helper()
	var records []kafka.Record
	require.Eventually(t, func() bool {
		var err error
		records, err = kafka.Records(t.Context(), station.Brokers, station.Topic())
		return err == nil && len(records) >= n
	}, waitLimit, 200*time.Millisecond, "%d records in %s", n, station.Topic())
	require.Len(t, records, n)
	return records
}
