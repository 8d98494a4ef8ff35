package station

import (
	"strings"
	"testing"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/metric"
	"github.com/influxdata/telegraf/testutil"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/telegraf-station/telegraf-station/internal/schema"
	serializer "github.com/telegraf-station/telegraf-station/plugins/serializers/station"
)

const reference = `{"device_id":"RaspberryPi","status":0,"time":"2019-05-20T04:05:06.123456789Z","lat":35.17959,"lon":126.90822,` +
	`"alcohol_gas":9,"co_gas":117,"temp":26.52,"light":554,"dust":0.05}`

func newParser(t require.TestingT, unknown string) *Parser {
	parser := &Parser{UnknownFields: unknown, Log: testutil.Logger{}}
	require.NoError(t, parser.Init())
	return parser
}

func TestParse(t *testing.T) {
	t.Parallel()
	parser := newParser(t, "")
	parser.SetDefaultTags(map[string]string{"region": "south", "device_id": "default"})
	metrics, err := parser.Parse([]byte(reference + "\r\n\n"))
	require.NoError(t, err)
	want := metric.New("environment", map[string]string{"device_id": "RaspberryPi", "region": "south"}, map[string]any{
		"status": int64(0), "lat": 35.17959, "lon": 126.90822, "alcohol_gas": int64(9), "co_gas": int64(117),
		"temp": 26.52, "light": int64(554), "dust": 0.05,
	}, time.Date(2019, 5, 20, 4, 5, 6, 123456789, time.UTC))
	testutil.RequireMetricsEqual(t, []telegraf.Metric{want}, metrics)
}

// A field that the record does not have is not in its metric, whatever the order of the other fields, and other metrics keep theirs.
func TestParseInAnyOrder(t *testing.T) {
	t.Parallel()
	parser := newParser(t, "")
	parsed, err := parser.ParseLine(`{"dust":0.05,"time":"2019-05-20T04:05:06Z","lat":null,"temp":26.5,"status":1,"device_id":"RaspberryPi"}`)
	require.NoError(t, err)
	require.Equal(t, map[string]any{"status": int64(1), "temp": 26.5, "dust": 0.05}, parsed.Fields())
	whole, err := parser.ParseLine(reference)
	require.NoError(t, err)
	require.Len(t, whole.Fields(), 8)
	require.Equal(t, map[string]any{"status": int64(1), "temp": 26.5, "dust": 0.05}, parsed.Fields())
}

func TestParsePinsTypes(t *testing.T) {
	t.Parallel()
	parsed, err := newParser(t, "").ParseLine(strings.NewReplacer("26.52", "26", "554", "554.0", "0.05", "null").Replace(reference))
	require.NoError(t, err)
	require.Equal(t, map[string]any{
		"status": int64(0), "lat": 35.17959, "lon": 126.90822, "alcohol_gas": int64(9), "co_gas": int64(117),
		"temp": 26.0, "light": int64(554),
	}, parsed.Fields())
}

func TestParseUnknownFields(t *testing.T) {
	t.Parallel()
	text := strings.Replace(reference, `"dust"`, `"humidity":40.5,"gps":{"fix":3},"dust"`, 1)
	dropped, err := newParser(t, "drop").ParseLine(text)
	require.NoError(t, err)
	require.False(t, dropped.HasField("humidity"))
	kept, err := newParser(t, "keep").ParseLine(text)
	require.NoError(t, err)
	require.InDelta(t, 40.5, kept.Fields()["humidity"], 0)
	require.False(t, kept.HasField("gps"), "an object is not a field")
	_, err = newParser(t, "error").ParseLine(text)
	require.ErrorContains(t, err, `field "humidity" is not in the schema (option "unknown_fields" is "error")`)
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	for replacement, want := range map[string]string{
		`"status":0 -> "status":3`:                            `"status" must be 0, 1, or 2 (got 3)`,
		`"status":0 -> "status":0.5`:                          `"status" must be 0, 1, or 2 (got 0.5)`,
		`"status":0, -> `:                                     `"status" must be 0, 1, or 2 (got <nil>)`,
		`"RaspberryPi" -> ""`:                                 `"device_id" must be a string that is not empty (got )`,
		`"RaspberryPi" -> "pi\\"`:                             `"device_id" must not end with "\": InfluxDB stores it as the device without it (got "pi\\")`,
		`"RaspberryPi" -> "a\tb"`:                             `"device_id" must not contain control characters or invalid UTF-8 (got "a\tb")`,
		`"RaspberryPi" -> "` + strings.Repeat("x", 257) + `"`: `"device_id" must have at most 256 bytes (got 257: "xxxx`,
		`2019-05-20T04 -> 1600-05-20T04`:                      `"time" must be in the years 1970 to 2200 (got 1600-05-20T04:05:06Z)`,
		`2019-05-20T04 -> 2300-05-20T04`:                      `"time" must be in the years 1970 to 2200 (got 2300-05-20T04:05:06Z)`,
		`"RaspberryPi" -> 7`:                                  `"device_id" must be a string that is not empty (got 7)`,
		`2019-05-20T04 -> yesterday`:                          `"time" must be like "2006-01-02T15:04:05.999Z" (got yesterday:05:06.123456789Z)`,
		`"light":554 -> "light":554.5`:                        `"light" must be a whole number (got 554.5)`,
		`"light":554 -> "light":"554"`:                        `"light" must be a number, not the string "554"`,
		`"temp":26.52 -> "temp":nan`:                          `"temp" is not a finite number`,
		`"dust":0.05 -> "lat":1.0`:                            `duplicate key "lat"`,
		`} -> `:                                               `expected ',', but the line ends`,
	} {
		before, after, _ := strings.Cut(replacement, " -> ")
		_, err := newParser(t, "").Parse([]byte(strings.Replace(reference, before, after, 1)))
		require.ErrorContains(t, err, want, replacement)
		require.ErrorContains(t, err, `not a record of schema "environment": `)
	}
}

// Writers whose numbers are all floats have a status, too.
func TestParseAStatusThatIsAFloat(t *testing.T) {
	t.Parallel()
	m, err := newParser(t, "").ParseLine(strings.Replace(reference, `"status":0`, `"status":2.0`, 1))
	require.NoError(t, err)
	require.Equal(t, int64(2), m.Fields()["status"])
}

func TestParseReturnsTheValidRecordsNextToABadOne(t *testing.T) {
	t.Parallel()
	metrics, err := newParser(t, "").Parse([]byte(reference + "\nbroken\n" + reference))
	require.ErrorContains(t, err, `"broken\n"`)
	require.Len(t, metrics, 2)
	_, err = newParser(t, "").ParseLine(reference + "\n" + reference)
	require.EqualError(t, err, "expected one record, found 2")
}

func TestInvalidOptions(t *testing.T) {
	t.Parallel()
	require.EqualError(t, (&Parser{UnknownFields: "ignore"}).Init(), `option "unknown_fields" must be "drop", "keep", or "error" (got "ignore")`)
	require.EqualError(t, (&Parser{Schema: "enviroment"}).Init(), `option "schema" must be "environment" or the path of a schema file (got "enviroment")`)
}

// Serializer and parser preserve names, values, their types, and the time to the nanosecond.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	writer := &serializer.Serializer{UnknownFields: "keep"}
	require.NoError(t, writer.Init())
	reader := newParser(t, "keep")
	rapid.Check(t, func(t *rapid.T) {
		want := anyMetric(t)
		line, err := writer.Serialize(want)
		require.NoError(t, err)
		got, err := reader.ParseLine(string(line))
		require.NoError(t, err, string(line))
		require.Equal(t, want.Tags(), got.Tags())
		require.Equal(t, want.Fields(), got.Fields())
		require.True(t, want.Time().Equal(got.Time()), "%v is not %v", got.Time(), want.Time())
	})
}

func anyMetric(t *rapid.T) telegraf.Metric {
	fields := map[string]any{"status": rapid.Int64Range(0, 2).Draw(t, "status")}
	for _, name := range []string{"alcohol_gas", "co_gas", "light"} {
		if rapid.Bool().Draw(t, "has "+name) {
			fields[name] = rapid.Int64().Draw(t, name)
		}
	}
	for _, name := range []string{"lat", "lon", "temp", "dust", "kept"} {
		if rapid.Bool().Draw(t, "has "+name) {
			fields[name] = rapid.Float64().Draw(t, name)
		}
	}
	if rapid.Bool().Draw(t, "has note") {
		fields["note"] = rapid.String().Draw(t, "note")
	}
	stamp := time.Unix(rapid.Int64Range(0, 7_000_000_000).Draw(t, "second"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanosecond"))
	device := rapid.StringN(1, 40, -1).Filter(func(id string) bool { return schema.CheckDeviceID(id) == nil }).Draw(t, "device")
	return metric.New("environment", map[string]string{"device_id": device}, fields, stamp)
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(reference))
	f.Add([]byte(`{"device_id":"a","status":1,"time":"2019-05-20T04:05:06Z","x":nan}`))
	parser := &Parser{UnknownFields: "keep"}
	require.NoError(f, parser.Init())
	f.Fuzz(func(t *testing.T, text []byte) {
		metrics, _ := parser.Parse(text)
		for _, parsed := range metrics {
			require.Contains(t, parsed.Tags(), "device_id")
			require.True(t, parsed.HasField("status"))
		}
	})
}

func BenchmarkParse(b *testing.B) {
	parser := newParser(b, "")
	for b.Loop() {
		if _, err := parser.Parse([]byte(reference)); err != nil {
			b.Fatal(err)
		}
	}
}
