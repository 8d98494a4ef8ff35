package station

import (
	"math"
	"testing"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/metric"
	"github.com/influxdata/telegraf/testutil"
	"github.com/stretchr/testify/require"
)

func newSerializer(t *testing.T, unknown string) *Serializer {
	t.Helper()
	serializer := &Serializer{UnknownFields: unknown, Log: testutil.Logger{}}
	require.NoError(t, serializer.Init())
	return serializer
}

func reading(changes map[string]any) telegraf.Metric {
	fields := map[string]any{
		"status": int64(0), "alcohol_gas": int64(9), "co_gas": int64(117), "dust": 0.05, "lat": 35.17959, "lon": 126.90822,
		"light": int64(554), "temp": 26.52,
	}
	for name, value := range changes {
		if fields[name] = value; value == nil {
			delete(fields, name)
		}
	}
	tags := map[string]string{"device_id": "RaspberryPi", "site": "JNU", "index": "1", "type": "rasp"}
	return metric.New("environment", tags, fields, time.Date(2019, 5, 20, 13, 5, 6, 500_000_000, time.FixedZone("KST", 9*3600)))
}

const head = `{"device_id":"RaspberryPi","status":0,"time":"2019-05-20T04:05:06.5Z",`

func TestSerialize(t *testing.T) {
	for name, test := range map[string]struct {
		changes map[string]any
		want    string
	}{
		"the reference values": {nil, head + `"lat":35.17959,"lon":126.90822,"alcohol_gas":9,"co_gas":117,"temp":26.52,"light":554,"dust":0.05}`},
		"a whole float":        {map[string]any{"temp": 26.0}, head + `"lat":35.17959,"lon":126.90822,"alcohol_gas":9,"co_gas":117,"temp":26.0,"light":554,"dust":0.05}`},
		"left out":             {map[string]any{"dust": nil, "lat": nil}, head + `"lon":126.90822,"alcohol_gas":9,"co_gas":117,"temp":26.52,"light":554}`},
		"types that a processor changed": {map[string]any{"temp": int64(26), "light": 554.0}, head +
			`"lat":35.17959,"lon":126.90822,"alcohol_gas":9,"co_gas":117,"temp":26.0,"light":554,"dust":0.05}`},
		"extreme floats": {map[string]any{"temp": 1e21, "dust": 1e-7, "lat": 0.0}, head +
			`"lat":0.0,"lon":126.90822,"alcohol_gas":9,"co_gas":117,"temp":1e+21,"light":554,"dust":1e-07}`},
	} {
		t.Run(name, func(t *testing.T) {
			line, err := newSerializer(t, "").Serialize(reading(test.changes))
			require.NoError(t, err)
			require.Equal(t, test.want+"\n", string(line))
		})
	}
}

func TestSerializeUnknownFields(t *testing.T) {
	extra := reading(map[string]any{"zz": "a\"b\n", "heat": 30.0, "on": true, "count": uint64(7)})
	tail := `"alcohol_gas":9,"co_gas":117,"temp":26.52,"light":554,"dust":0.05`
	line, err := newSerializer(t, "keep").Serialize(extra)
	require.NoError(t, err)
	require.Contains(t, string(line), tail+`,"count":7,"heat":30.0,"on":true,"zz":"a\"b\n"}`)
	line, err = newSerializer(t, "drop").Serialize(extra)
	require.NoError(t, err)
	require.Contains(t, string(line), tail+"}")
	_, err = newSerializer(t, "error").Serialize(extra)
	require.EqualError(t, err, `metric "environment" is not a record of schema "environment": field "count" is not in the schema (option "unknown_fields" is "error")`)
}

func TestSerializeErrors(t *testing.T) {
	without := reading(nil)
	without.RemoveTag("device_id")
	late := reading(nil)
	late.SetTime(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC))
	for want, bad := range map[string]telegraf.Metric{
		`tag "device_id" is missing`:                                         without,
		`field "status" must be 0, 1 or 2 (got <nil>)`:                       reading(map[string]any{"status": nil}),
		`field "status" must be 0, 1 or 2 (got 7)`:                           reading(map[string]any{"status": int64(7)}),
		`field "light" must be a whole number (got 554.5)`:                   reading(map[string]any{"light": 554.5}),
		`field "temp" must be a number, not the string "warm"`:               reading(map[string]any{"temp": "warm"}),
		`field "temp" is not a finite number`:                                reading(map[string]any{"temp": math.NaN()}),
		`time must be in the years 1970 to 2200 (got 10000-01-01T00:00:00Z)`: late,
	} {
		_, err := newSerializer(t, "").Serialize(bad)
		require.EqualError(t, err, `metric "environment" is not a record of schema "environment": `+want)
	}
}

func TestSerializeBatchKeepsTheGoodOnes(t *testing.T) {
	lines, err := newSerializer(t, "").SerializeBatch([]telegraf.Metric{reading(nil), reading(map[string]any{"temp": true}), reading(nil)})
	require.ErrorContains(t, err, `field "temp" must be a number, not true`)
	require.Len(t, lines, 2*len(head+`"lat":35.17959,"lon":126.90822,"alcohol_gas":9,"co_gas":117,"temp":26.52,"light":554,"dust":0.05}`+"\n"))
}

func TestWrongOptions(t *testing.T) {
	require.EqualError(t, (&Serializer{UnknownFields: "x"}).Init(), `option "unknown_fields" must be "drop", "keep", or "error" (got "x")`)
	require.EqualError(t, (&Serializer{Schema: "x"}).Init(), `option "schema" must be "environment" or the path of a schema file (got "x")`)
}
