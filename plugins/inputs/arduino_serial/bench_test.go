package arduino_serial

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/config"
	"github.com/influxdata/telegraf/testutil"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/telegraf-station/telegraf-station/test/bed/arduino"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// bench is a running plugin on a simulated board.
type bench struct {
	plugin *ArduinoSerial
	acc    *testutil.Accumulator
	board  *arduino.Board
	log    *testutil.CaptureLogger
}

func newBench(t *testing.T, change func(*ArduinoSerial)) *bench {
	t.Helper()
	b := prepareBench(t, change)
	b.start(t, b.acc)
	return b
}

// prepareBench has everything but a running plugin.
func prepareBench(t *testing.T, change func(*ArduinoSerial)) *bench {
	t.Helper()
	b := &bench{acc: &testutil.Accumulator{}, log: &testutil.CaptureLogger{}}
	path := filepath.Join(t.TempDir(), "ttyACM0")
	b.plug(t, path)
	b.plugin = newPlugin(func(a *ArduinoSerial) {
		a.Port = path
		a.Log = b.log
		a.DeviceID = filepath.Dir(path) // one of its own: counters are the process's, by their tags
		a.ReconnectInterval = config.Duration(5 * time.Millisecond)
		if change != nil {
			change(a)
		}
	})
	require.NoError(t, b.plugin.Init())
	return b
}

func (b *bench) start(t *testing.T, acc telegraf.Accumulator) {
	t.Helper()
	require.NoError(t, b.plugin.Start(acc))
	t.Cleanup(b.plugin.Stop)
}

func (b *bench) plug(t *testing.T, path string) {
	t.Helper()
	var err error
	b.board, err = arduino.Plug(path)
	require.NoError(t, err)
	t.Cleanup(func() { _ = b.board.Unplug() }) // it may be unplugged already
}

func (b *bench) print(t *testing.T, text string) {
	t.Helper()
	require.NoError(t, b.board.Print(text))
}

// waitMetrics waits until n metrics came, and looks that no further one does.
func (b *bench) waitMetrics(t *testing.T, n int) []telegraf.Metric {
	t.Helper()
	require.Eventually(t, func() bool { return b.acc.NMetrics() >= uint64(n) }, 10*time.Second, time.Millisecond,
		"wanted %d metrics; log: %s", n, b.log.Messages())
	metrics := b.acc.GetTelegrafMetrics()
	require.Len(t, metrics, n)
	return metrics
}

// awaitDiagnosis waits until the plugin has come to a reason why there is no reading: Gather gives the newest one.
func (b *bench) awaitDiagnosis(t *testing.T, want string) {
	t.Helper()
	require.Eventually(t, func() bool { return strings.Contains(b.plugin.stations[0].diagnosis(), want) }, 10*time.Second, time.Millisecond,
		"%s", want)
}

func (b *bench) counter(name string) int64 {
	return b.plugin.Statistics.Get("arduino_serial", name, map[string]string{"device_id": b.plugin.DeviceID}).Get()
}
