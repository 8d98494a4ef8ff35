package arduino_serial

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/influxdata/telegraf/config"
	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/internal/line"
)

const goodObject = `{"lat":35.17959,"lon":126.90822,"alcohol_gas":9,"co_gas":117,"temp":26.52,"light":554,"dust":0.05}`

func numbered(seq, boot int) string {
	return fmt.Sprintf(`{"seq":%d,"boot":%d,`, seq, boot) + goodObject[1:]
}

func crc32(text string) string { return string(line.AppendCRC32([]byte(text))) + "\r\n" }

// TestFusedLines: where a line end was lost, every whole reading is saved.
func TestFusedLines(t *testing.T) {
	for name, test := range map[string]struct {
		line     string
		readings int
		fused    int64
	}{
		"two":                     {goodObject + goodObject + "\n", 2, 0},
		"half and whole":          {goodObject[:50] + goodObject + "\n", 1, 1},
		"whole and half":          {goodObject + goodObject[:50] + "\n", 1, 1},
		"noise and whole":         {"\x00\xff" + goodObject + "\n", 1, 1},
		"half and whole, checked": {goodObject[:50] + crc32(goodObject), 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, nil)
			b.print(t, goodLine+test.line+goodLine)
			b.waitMetrics(t, test.readings+2)
			require.Equal(t, test.fused, b.counter("rejected_fused"))
			require.Zero(t, b.counter("sensing_errors"))
		})
	}
}

func TestChecksumRequired(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(a *ArduinoSerial) { a.Checksum = checksumRequired })
	b.print(t, goodLine+goodLine+crc32(goodObject)+strings.Replace(crc32(goodObject), "554", "555", 1)+crc32(goodObject))
	b.waitMetrics(t, 2)
	require.Equal(t, int64(2), b.counter("rejected_checksum"))
	require.Equal(t, int64(1), b.counter("partial_lines"), "the first line after opening may be cut")
}

// Numbered lines show lost readings and boots of the board.
func TestLostReadingsAndBoots(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	for _, line := range []string{numbered(1, 7), numbered(2, 7), numbered(5, 7), numbered(1, 8), numbered(2, 8)} {
		b.print(t, crc32(line))
	}
	metrics := b.waitMetrics(t, 5)
	require.Equal(t, int64(2), b.counter("lost"))
	require.Equal(t, int64(1), b.counter("board_resets"))
	require.Zero(t, b.counter("unknown_values"))
	require.NotContains(t, metrics[0].Fields(), "seq")
	require.Contains(t, strings.Join(b.log.Warnings(), "\n"), "Readings lost before the one with seq 5: 2; check cable and power")
}

func TestSequence(t *testing.T) {
	type step struct{ seq, boot, lost, resets int64 }
	for name, steps := range map[string][]step{
		"none lost":             {{1, 0, 0, 0}, {2, 0, 0, 0}, {3, 0, 0, 0}},
		"some lost":             {{1, 0, 0, 0}, {4, 0, 2, 0}},
		"begins anywhere":       {{17, 3, 0, 0}, {18, 3, 0, 0}},
		"a boot":                {{17, 3, 0, 0}, {1, 4, 0, 1}},
		"a boot, number higher": {{2, 3, 0, 0}, {17, 4, 0, 1}},
		"a boot without number": {{17, 0, 0, 0}, {1, 0, 0, 1}},
		"8 bits end":            {{255, 0, 0, 0}, {0, 0, 0, 0}, {1, 0, 0, 0}},
		"16 bits end, one lost": {{65534, 1, 0, 0}, {0, 1, 1, 0}},
		"32 bits end":           {{4294967295, 0, 0, 0}, {0, 0, 0, 0}},
		"the same again":        {{5, 0, 0, 0}, {5, 0, 0, 0}},
		"no end of 8 bits":      {{200, 0, 0, 0}, {0, 0, 0, 1}},
		"far away":              {{200, 0, 0, 0}, {2_000_000, 0, 0, 1}},
		"more than 32 bits":     {{1, 0, 0, 0}, {1 << 40, 0, 0, 0}, {2, 0, 0, 0}},
		"a long boot":           {{1, 1 << 40, 0, 0}, {1, 1<<40 + 1, 0, 1}},
	} {
		var s sequence
		for _, step := range steps {
			values := line.Values{"seq": step.seq}
			if step.boot > 0 {
				values["boot"] = step.boot
			}
			s.update(values)
			require.Equal(t, []int64{step.lost, step.resets}, []int64{s.lost, s.resets}, name)
		}
		s.update(line.Values{"seq": "x", "boot": 1.5})
		s.update(line.Values{})
		require.Zero(t, s.lost+s.resets)
	}
}

// A board that says the same boot has not booted.
func TestSeqGoesBackInTheSameBoot(t *testing.T) {
	var s sequence
	for _, seq := range []int64{3, 2, 3} {
		s.update(line.Values{"seq": seq, "boot": int64(7)})
		require.Zero(t, s.lost+s.resets)
	}
}

// A line that is not a reading still has a number.
func TestNumbersOfLinesThatAreNoReadings(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.print(t, crc32(numbered(1, 7))+crc32(`{"seq":2,"boot":7,"ready":true}`)+crc32(numbered(3, 7)))
	b.waitMetrics(t, 2)
	require.Zero(t, b.counter("lost"))
	require.Equal(t, int64(1), b.counter("rejected_schema"))
}

// A device_id may be a number.
func TestDeviceIDIsComparedAsText(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	own := strings.Replace(goodLine, "{", `{"device_id":`+strconv.Quote(b.plugin.DeviceID)+",", 1)
	b.print(t, strings.Replace(goodLine, "{", `{"device_id":2,`, 1)+own)
	b.waitMetrics(t, 1)
	require.Equal(t, int64(1), b.counter("rejected_device"))
	require.Zero(t, b.counter("unknown_values"))
}

func TestNumbersMayBeFloats(t *testing.T) {
	var s sequence
	s.update(line.Values{"seq": 1.0, "boot": 7.0})
	s.update(line.Values{"seq": 3.0, "boot": 7.0})
	require.Equal(t, int64(1), s.lost)
}

func TestBootAlone(t *testing.T) {
	var s sequence
	for i, resets := range []int64{0, 0, 1, 0} {
		s.update(line.Values{"boot": []int64{7, 7, 8, 8}[i]})
		require.Equal(t, []int64{0, resets}, []int64{s.lost, s.resets})
	}
}

// A schema may have a value of that name.
func TestASchemaWithSeq(t *testing.T) {
	t.Parallel()
	path := t.TempDir() + "/schema.toml"
	writeFile(t, path, "name = \"counter\"\n[[field]]\nname = \"seq\"\ntype = \"int\"\n")
	b := newBench(t, func(a *ArduinoSerial) { a.Schema, a.Location = path, []float64{35, 127} })
	b.print(t, "{\"seq\":3}\n")
	require.Equal(t, int64(3), b.waitMetrics(t, 1)[0].Fields()["seq"])
}

// The GPS's own sentences among the readings say where the station is.
func TestSentencesAmongReadings(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(a *ArduinoSerial) { a.Location = []float64{1, 2} })
	plain := `{"alcohol_gas":9,"co_gas":117,"temp":26.52,"light":554}` + "\n"
	fix := string(line.AppendXOR([]byte("GPRMC,081836.00,A,3510.7754,N,12654.4932,E,0.5,54.7,241126,,"))) + "\n"
	b.print(t, plain+"$"+fix+plain+goodLine+"$"+string(line.AppendXOR([]byte("GPRMC,081837.00,V,,,,,,,241126,,")))+"\n"+plain)
	metrics := b.waitMetrics(t, 4)
	var lats []any
	for _, metric := range metrics {
		require.Equal(t, int64(0), metric.Fields()["status"])
		lats = append(lats, metric.Fields()["lat"])
	}
	require.Equal(t, []any{1.0, 35.17959, 35.17959, 1.0}, lats)
	require.Equal(t, int64(2), b.counter("positions"))
}

func TestAPositionGetsOld(t *testing.T) {
	p := position{values: line.Values{"lat": 1.0, "lon": 2.0}, at: time.Now().Add(-11 * time.Second)}
	values := line.Values{}
	p.fill(values)
	require.Empty(t, values)
	p.at = time.Now()
	p.fill(values)
	require.Equal(t, line.Values{"lat": 1.0, "lon": 2.0}, values)
}

func TestLineFormats(t *testing.T) {
	schema := t.TempDir() + "/tracker.toml"
	writeFile(t, schema, "name = \"tracker\"\n[[field]]\nname = \"speed\"\ntype = \"float\"\n[[field]]\nname = \"course\"\ntype = \"float\"\n")
	want := map[string]any{"status": int64(0), "lat": 1.0, "lon": 2.0, "alcohol_gas": int64(9), "co_gas": int64(117), "temp": 26.52, "light": int64(554)}
	for name, test := range map[string]struct {
		change func(*ArduinoSerial)
		line   string
		want   map[string]any
	}{
		"csv": {func(a *ArduinoSerial) {
			a.LineFormat, a.Columns = formatCSV, []string{"alcohol_gas", "co_gas", "temp", "light"}
		}, "9,117,26.52,554\n", want},
		"key=value": {func(a *ArduinoSerial) { a.LineFormat = formatKeyValue }, "alcohol_gas=9 co_gas=117 temp=26.52 light=554\n", want},
		"nmea": {
			func(a *ArduinoSerial) { a.LineFormat, a.Schema = formatNMEA, schema }, "$GPRMC,081836.00,A,3510.7754,N,12654.4932,E,0.5,54.7,241126,,*08\n",
			map[string]any{"status": int64(0), "lat": 35.17959, "lon": 126.90822, "speed": 0.5, "course": 54.7},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, func(a *ArduinoSerial) { test.change(a); a.Location = []float64{1, 2} })
			b.print(t, "cut\n"+test.line)
			require.Equal(t, test.want, b.waitMetrics(t, 1)[0].Fields())
			require.Equal(t, int64(1), b.counter("partial_lines"))
		})
	}
}

// TestAdvice: a rejected line comes with what to do about it.
func TestAdvice(t *testing.T) {
	short := func(a *ArduinoSerial) { a.FirstReadingTimeout = config.Duration(300 * time.Millisecond) }
	for name, test := range map[string]struct {
		change func(*ArduinoSerial)
		prints string
		want   string
	}{
		"key=value":   {nil, "x\ntemp=26.52 light=554\n", `; it looks like line_format = "key_value", so set that: "temp=26.52 light=554"`},
		"csv":         {nil, "x\n9,117,26.52\n", `; it looks like line_format = "csv", so set that: "9,117,26.52"`},
		"json":        {func(a *ArduinoSerial) { a.LineFormat = formatKeyValue }, "x\n" + goodLine, `; it looks like line_format = "json", so set that: "{\"lat\":`},
		"text":        {nil, "x\nhello\n", `the last line was rejected: column 1: expected '{', found 'h': "hello"`},
		"a modem":     {nil, "x\nAT+GCAP\n", `; a program treats the board as a modem and gets an answer: run "sudo systemctl disable --now ModemManager": "AT+GCAP"`},
		"wrong baud":  {nil, "\n" + strings.Repeat("\xf8\x80\x00\xe0", 100) + "\n", "99% of 402 bytes are not ASCII; check baud_rate, now 9600"},
		"swapped":     {nil, strings.Replace(goodLine, "{", `{"device_id":"yard",`, 1), `another device_id: the board sent "yard", but option device_id is "`},
		"no value":    {nil, "{\"ready\":1}\n", `no value is in the schema ("environment")`},
		"a long line": {nil, strings.Repeat("x", 5000), "a line is longer than max_line_length (4096 bytes); check baud_rate, now 9600, and end each reading with println in the sketch"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, func(a *ArduinoSerial) {
				short(a)
				if test.change != nil {
					test.change(a)
				}
			})
			b.print(t, test.prints)
			b.awaitDiagnosis(t, test.want)
			require.ErrorContains(t, b.plugin.Gather(b.acc), test.want)
		})
	}
}
