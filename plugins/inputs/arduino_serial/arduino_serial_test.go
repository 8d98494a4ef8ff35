package arduino_serial

import (
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/config"
	"github.com/influxdata/telegraf/metric"
	"github.com/influxdata/telegraf/plugins/parsers/csv"
	"github.com/influxdata/telegraf/testutil"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/telegraf-station/telegraf-station/test/bed/arduino"
)

const goodLine = `{"lat":35.17959,"lon":126.90822,"alcohol_gas":9,"co_gas":117,"temp":26.52,"light":554,"dust":0.05}` + "\r\n"

func TestAReadingBecomesAMetric(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	before := time.Now()
	b.print(t, goodLine)
	metrics := b.waitMetrics(t, 1)
	want := metric.New("environment",
		map[string]string{"device_id": b.plugin.DeviceID, "site": "JNU", "index": "1", "type": "rasp"},
		map[string]any{
			"status": int64(0), "lat": 35.17959, "lon": 126.90822, "alcohol_gas": int64(9), "co_gas": int64(117),
			"temp": 26.52, "light": int64(554), "dust": 0.05,
		}, time.Time{})
	testutil.RequireMetricsEqual(t, []telegraf.Metric{want}, metrics, testutil.IgnoreTime())
	require.WithinRange(t, metrics[0].Time(), before, time.Now())
	require.Contains(t, fmt.Sprint(b.log.Messages()), "Reading from "+b.board.Path())
}

func TestReadingsKeepTheirOrderAndNeverShareATime(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	readings := arduino.Readings(1, 1000)
	for _, reading := range readings {
		b.print(t, reading.Line)
	}
	metrics := b.waitMetrics(t, len(readings))
	var last time.Time
	for i, reading := range readings {
		reading.Values["status"] = reading.Status
		require.Equal(t, reading.Values, metrics[i].Fields(), reading.Line)
		require.True(t, metrics[i].Time().After(last))
		last = metrics[i].Time()
	}
}

// TestBadLines states the result of each invalid line; the next valid line is always read.
func TestBadLines(t *testing.T) {
	with := func(before, after string) string { return strings.Replace(goodLine, before, after, 1) }
	for name, test := range map[string]struct {
		line    string
		counter string // what counts it
		status  int64  // of the metric that it becomes anyway, -1 for none
	}{
		"empty":                    {"\r\n", "rejected_empty", -1},
		"blanks":                   {"  \t \r\n", "rejected_empty", -1},
		"first half":               {goodLine[:50] + "\n", "rejected_syntax", -1},
		"second half":              {goodLine[50:], "rejected_syntax", -1},
		"binary noise":             {"\x00\xff\xfe\x81\x13\x80{\n", "rejected_encoding", -1},
		"noise in ASCII":           {"\x00\x01~~}\n", "rejected_syntax", -1},
		"1 MB without a newline":   {strings.Repeat("x", 1<<20) + "\n", "rejected_overlong", -1},
		"invalid UTF-8":            {with(`"lat"`, "\"l\xe4t\""), "rejected_encoding", -1},
		"a repeated key":           {with(`"lon"`, `"lat"`), "rejected_syntax", -1},
		"an array":                 {"[1,2,3]\n", "rejected_syntax", -1},
		"a bare number":            {"26.5\n", "rejected_syntax", -1},
		"a UTF-8 BOM":              {"\xef\xbb\xbf" + goodLine, "readings", 0},
		"an unknown key":           {with(`"lat"`, `"humidity":40.1,"lat"`), "unknown_values", 0},
		"an unknown nested object": {with(`"lat"`, `"gps":{"fix":3},"lat"`), "unknown_values", 0},
		"a wrong type":             {with(`554`, `"554"`), "sensing_errors", 1},
		"out of range":             {with(`26.52`, `-127.00`), "sensing_errors", 1},
		"NaN":                      {with(`26.52`, `nan`), "sensing_errors", 1},
		"1e999":                    {with(`26.52`, `1e999`), "sensing_errors", 1},
		"a nested object":          {with(`26.52`, `{"v":26.52}`), "sensing_errors", 1},
		"a missing required value": {with(`"lat":35.17959,`, ``), "sensing_errors", 1},
		"a missing value":          {with(`"temp":26.52,`, ``), "sensing_errors", 1},
		"no value at all":          {"{}\n", "rejected_schema", -1},
		"no value of the schema":   {"{\"ready\":true}\n", "rejected_schema", -1},
		"another board's":          {with(`"lat"`, `"device_id":"yard","lat"`), "rejected_device", -1},
		"a wrong checksum":         {with("\r\n", "*00\r\n"), "rejected_checksum", -1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, nil)
			b.print(t, goodLine)
			b.print(t, test.line)
			b.print(t, goodLine)
			want := []int64{0, 0}
			if test.status >= 0 {
				want = []int64{0, test.status, 0}
			}
			metrics := b.waitMetrics(t, len(want))
			for i, status := range want {
				require.Equal(t, status, metrics[i].Fields()["status"])
			}
			require.Equal(t, metrics[0].Fields(), metrics[len(metrics)-1].Fields())
			counted := int64(1)
			if test.counter == "readings" {
				counted = 3
			}
			require.Equal(t, counted, b.counter(test.counter))
		})
	}
}

func TestTheFirstLine(t *testing.T) {
	t.Run("a cut-off JSON object is dropped", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, nil)
		b.print(t, goodLine[30:]+goodLine)
		b.waitMetrics(t, 1)
		require.Equal(t, int64(1), b.counter("partial_lines"))
		require.Equal(t, int64(0), b.counter("rejected_syntax"))
	})
	t.Run("of another format is always dropped, since its end may look whole", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, csvFormat)
		b.print(t, "5.17959,126.90822,26\n35.17959,126.90822,27\n")
		metrics := b.waitMetrics(t, 1)
		require.InDelta(t, 35.17959, metrics[0].Fields()["lat"], 0)
		require.InDelta(t, 27.0, metrics[0].Fields()["temp"], 0)
		require.Equal(t, int64(1), b.counter("partial_lines"))
	})
}

// A silence is attributed to the latest problem, not to one before valid readings.
func TestTheReasonForASilenceIsNotAnOldLine(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.print(t, goodLine+"broken\n")
	b.awaitDiagnosis(t, "the last line was rejected")
	b.print(t, goodLine)
	b.awaitDiagnosis(t, " sent readings, but none recently; check the power of the board and whether its sketch hangs")
}

func TestInfluxLines(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(a *ArduinoSerial) { a.DataFormat = "influx" })
	b.print(t, "cut\nany,tag=x lat=35.17959,lon=126.90822,alcohol_gas=9i,co_gas=117i,temp=26.52,light=554i,dust=0.05 1\n")
	metrics := b.waitMetrics(t, 1)
	require.Equal(t, int64(0), metrics[0].Fields()["status"])
	require.InDelta(t, 26.52, metrics[0].Fields()["temp"], 0)
	require.WithinDuration(t, time.Now(), metrics[0].Time(), time.Minute, "arrival is the time")
}

func csvFormat(a *ArduinoSerial) {
	a.DataFormat = "csv"
	a.SetParserFunc(func() (telegraf.Parser, error) {
		parser := &csv.Parser{ColumnNames: []string{"lat", "lon", "temp"}, Log: testutil.Logger{Quiet: true}}
		return parser, parser.Init()
	})
}

func TestRepeatedErrorsAreLoggedOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.print(t, goodLine+strings.Repeat("broken\n", 50)+goodLine)
	b.waitMetrics(t, 2)
	require.Len(t, b.log.Warnings(), 1)
	require.Contains(t, b.log.Warnings()[0], `Line rejected: column 1: expected '{', found 'b': "broken"`)
	require.Equal(t, int64(50), b.counter("rejected_syntax"))
}

func TestGatherShowsAReadingOrSaysWhyThereIsNone(t *testing.T) {
	short := func(a *ArduinoSerial) { a.FirstReadingTimeout = config.Duration(400 * time.Millisecond) }
	for name, test := range map[string]struct {
		change func(*ArduinoSerial)
		prints string
		want   string
	}{
		"a reading":  {short, goodLine, ""},
		"no device":  {func(a *ArduinoSerial) { short(a); a.Port = "/no/such/ttyACM0" }, "", "/no/such/ttyACM0: no such device; plug in the board"},
		"nothing":    {short, "", "is open at 9600 baud, but no bytes arrive; check that the sketch prints to Serial, and that this is its port"},
		"no newline": {short, "abc", "sends bytes, but no complete line yet; check baud_rate, now 9600, and end each reading with println in the sketch"},
		"bad lines":  {short, "temp 26\ntemp 27\n", `the last line was rejected: column 1: expected '{', found 't': "temp 27"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, test.change)
			if test.prints != "" {
				b.print(t, test.prints)
			}
			b.awaitDiagnosis(t, test.want)
			if test.want == "" {
				b.waitMetrics(t, 1)
			}
			err := b.plugin.Gather(b.acc)
			if test.want == "" {
				require.NoError(t, err)
				require.Equal(t, uint64(1), b.acc.NMetrics())
			} else {
				require.ErrorContains(t, err, "no reading within first_reading_timeout (400ms): ")
				require.ErrorContains(t, err, test.want)
			}
			require.NoError(t, b.plugin.Gather(b.acc), "only the first call waits")
		})
	}
}

// The first Gather may come long after the reading, with a long interval.
func TestGatherAfterTheTimeout(t *testing.T) {
	t.Parallel()
	for range 8 { // it was by chance
		b := newBench(t, func(a *ArduinoSerial) { a.FirstReadingTimeout = config.Duration(time.Millisecond) })
		b.print(t, goodLine)
		<-b.plugin.stations[0].firstReading
		require.NoError(t, b.plugin.Gather(b.acc))
	}
}

// A program that Telegraf starts must not hold the port: the board could not come back under its name.
func TestThePortIsNotInherited(t *testing.T) {
	b := newBench(t, nil)
	b.print(t, goodLine)
	b.waitMetrics(t, 1)
	device, err := filepath.EvalSymlinks(b.board.Path())
	require.NoError(t, err)
	listed, err := exec.CommandContext(t.Context(), "ls", "-l", "/proc/self/fd").Output()
	require.NoError(t, err)
	require.NotContains(t, string(listed), device)
}

func TestGatherEndsWithStop(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(a *ArduinoSerial) { a.FirstReadingTimeout = config.Duration(time.Hour) })
	done := make(chan error)
	go func() { done <- b.plugin.Gather(b.acc) }()
	b.plugin.Stop()
	require.NoError(t, <-done)
}

func TestNetworkPort(t *testing.T) {
	t.Parallel()
	server := newSerialServer(t)
	b := newBench(t, func(a *ArduinoSerial) { a.Port = "tcp://" + server.address })
	for i := range 3 {
		conn := server.accept(t)
		_, err := conn.Write([]byte(goodLine))
		require.NoError(t, err)
		b.waitMetrics(t, i+1)
		require.NoError(t, conn.Close())
	}
}

// A host that does not answer: --test says so, and the silence is noticed meanwhile.
func TestANetworkPortThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(a *ArduinoSerial) {
		a.Port = "tcp://" + deafAddress(t)
		a.FirstReadingTimeout, a.SilenceTimeout = config.Duration(time.Second), config.Duration(300*time.Millisecond)
	})
	err := b.plugin.Gather(b.acc)
	require.ErrorContains(t, err, b.plugin.Port)
	require.Regexp(t, "no answer yet|cannot connect", err.Error())
	require.NotContains(t, err.Error(), "baud", "that is the other computer's")
	require.Positive(t, b.counter("silences"))
}

// deafAddress listens, accepts nothing, and has no place for further connections.
func deafAddress(t *testing.T) string {
	t.Helper()
	descriptor, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, unix.Close(descriptor)) })
	require.NoError(t, unix.Bind(descriptor, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	require.NoError(t, unix.Listen(descriptor, 0))
	address, err := unix.Getsockname(descriptor)
	require.NoError(t, err)
	text := fmt.Sprintf("127.0.0.1:%d", address.(*unix.SockaddrInet4).Port)
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", text)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	return text
}

// serialServer stands for ser2net: what it writes comes from a board elsewhere.
type serialServer struct {
	net.Listener
	address string
}

func newSerialServer(t *testing.T) *serialServer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	return &serialServer{listener, listener.Addr().String()}
}

func (s *serialServer) accept(t *testing.T) net.Conn {
	t.Helper()
	conn, err := s.Accept()
	require.NoError(t, err)
	return conn
}

func TestTheClockMayStep(t *testing.T) {
	s := &station{}
	s.newest = time.Now().Add(500 * time.Millisecond)
	require.Equal(t, s.newest.Add(1), s.now(), "a small step back: the time still increases")
	s.newest = time.Now().Add(2 * time.Hour)
	require.WithinDuration(t, time.Now(), s.now(), time.Second, "a large one is followed")
}
