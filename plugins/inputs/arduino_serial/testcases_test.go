package arduino_serial

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/influxdata/telegraf/config"
	_ "github.com/influxdata/telegraf/plugins/parsers/logfmt" // for the case of that name
	"github.com/influxdata/telegraf/plugins/serializers/influx"
	"github.com/influxdata/telegraf/selfstat"
	"github.com/influxdata/telegraf/testutil"
	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/plugins/inputs/arduino_serial/capture"
	"github.com/telegraf-station/telegraf-station/test/bed/arduino"
)

// updateExpected is the environment variable that makes TestCases write what it wants from now on. Read the difference.
const updateExpected = "UPDATE_EXPECTED"

// TestCases replays captures of real problems through a pty, read by read, and compares the metrics and counters with
// expected.out and the warnings with expected.err. Telegraf's conventions; testcases/README.md says how to make one.
func TestCases(t *testing.T) {
	folders, err := filepath.Glob("testcases/*/capture")
	require.NoError(t, err)
	require.NotEmpty(t, folders)
	for _, file := range folders {
		folder := filepath.Dir(file)
		t.Run(filepath.Base(folder), func(t *testing.T) {
			t.Parallel()
			replayed := replay(t, folder)
			out := replayed.metrics(t) + replayed.counterLine()
			compare(t, filepath.Join(folder, "expected.out"), out)
			compare(t, filepath.Join(folder, "expected.err"), replayed.warnings())
		})
	}
}

func compare(t *testing.T, file, got string) {
	t.Helper()
	if os.Getenv(updateExpected) != "" {
		if got == "" {
			require.NoError(t, os.RemoveAll(file))
			return
		}
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644)) //nolint:gosec // a file of the repository
		return
	}
	want, err := os.ReadFile(file)
	if got != "" || !os.IsNotExist(err) {
		require.NoError(t, err)
	}
	require.Equal(t, string(want), got, file)
}

// replay runs the plugin on a board that prints what the capture says, and stops it.
func replay(t *testing.T, folder string) *bench {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, "capture"))
	require.NoError(t, err)
	events, err := capture.Parse(bytes.NewReader(text))
	require.NoError(t, err)
	b := loadBench(t, filepath.Join(folder, "telegraf.conf"))
	require.NotEmpty(t, events)
	b.plug(t, b.plugin.Port)
	b.start(t, b.acc)
	if events[0].Kind == capture.Open { // else the file was a full one's next
		events = events[1:]
	}
	sent := int64(0)
	for _, event := range events {
		switch event.Kind {
		case capture.Open:
			b.plug(t, b.plugin.Port)
		case capture.Read:
			b.print(t, string(event.Text))
			sent += int64(len(event.Text))
			require.Eventually(t, func() bool { return b.counter("bytes") == sent }, 10*time.Second, time.Millisecond)
		case capture.Close:
			require.NoError(t, b.board.Unplug())
		}
	}
	b.plugin.Stop()
	return b
}

// capturedPort is where the board of a case is said to be.
const capturedPort = "/dev/ttyACM0"

func loadBench(t *testing.T, file string) *bench {
	t.Helper()
	loader := config.NewConfig()
	require.NoError(t, loader.LoadConfig(file))
	require.Len(t, loader.Inputs, 1)
	plugin, ok := loader.Inputs[0].Input.(*ArduinoSerial)
	require.True(t, ok)
	require.Equal(t, capturedPort, plugin.Port)
	b := &bench{plugin: plugin, acc: &testutil.Accumulator{}, log: &testutil.CaptureLogger{}}
	plugin.Port = filepath.Join(t.TempDir(), "ttyACM0")
	plugin.Log = b.log
	plugin.Statistics = selfstat.NewCollector(map[string]string{"case": plugin.Port}) // counters are the process's, by their tags
	require.NoError(t, plugin.Init())
	return b
}

// metrics are those that came, in line protocol without their times.
func (b *bench) metrics(t *testing.T) string {
	t.Helper()
	serializer := &influx.Serializer{SortFields: true}
	require.NoError(t, serializer.Init())
	var lines strings.Builder
	for _, metric := range b.acc.GetTelegrafMetrics() {
		line, err := serializer.Serialize(metric)
		require.NoError(t, err)
		lines.Write(line[:bytes.LastIndexByte(line, ' ')])
		lines.WriteByte('\n')
	}
	return lines.String()
}

// counterLine is the counters that are not 0.
func (b *bench) counterLine() string {
	fields := make(map[string]string)
	for _, name := range counterNames {
		if count := b.counter(name); count != 0 {
			fields[name] = fmt.Sprintf("%s=%di", name, count)
		}
	}
	var ordered []string
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		ordered = append(ordered, fields[name])
	}
	return "internal_arduino_serial " + strings.Join(ordered, ",") + "\n"
}

var counterNames = []string{
	"bytes", "lines", "readings", "sensing_errors", "unknown_values", "partial_lines", "positions",
	"rejected_checksum", "rejected_syntax", "rejected_schema", "rejected_overlong", "rejected_encoding", "rejected_fused", "rejected_device", "rejected_empty",
	"lost", "board_resets", "opens", "silences", "reopens", "resets_sent", "framing_errors", "overrun_errors", "parity_errors",
}

func (b *bench) warnings() string {
	var lines strings.Builder
	for _, warning := range b.log.Warnings() {
		lines.WriteString(strings.ReplaceAll(warning, b.plugin.Port, capturedPort) + "\n")
	}
	return lines.String()
}

// A capture of a run replays as that run: the same metrics and counters.
func TestACaptureIsATestCase(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	b := newBench(t, func(a *ArduinoSerial) { a.CaptureFile = filepath.Join(folder, "capture") })
	readings := arduino.Readings(3, 50)
	for i, reading := range readings {
		b.print(t, reading.Line)
		b.print(t, "\x00\xffnoise\n")
		if i == 25 {
			b.waitMetrics(t, 26)
			b.print(t, goodLine[:40])
			require.NoError(t, b.board.Unplug())
			b.plug(t, b.plugin.Port)
		}
	}
	b.waitMetrics(t, len(readings))
	b.plugin.Stop()

	require.NoError(t, os.WriteFile(filepath.Join(folder, "telegraf.conf"), []byte(`
[[inputs.arduino_serial]]
  port = "/dev/ttyACM0"
  device_id = "`+b.plugin.DeviceID+`"
  site = "JNU"
  index = "1"
  type = "rasp"
  reconnect_interval = "5ms"
`), 0o600))
	replayed := replay(t, folder)
	require.Equal(t, b.metrics(t), replayed.metrics(t))
	for _, name := range counterNames {
		require.Equal(t, b.counter(name), replayed.counter(name), name)
	}
}
