package arduino_serial

import (
	"context"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/influxdata/telegraf/config"
	"github.com/influxdata/telegraf/selfstat"
	"github.com/influxdata/telegraf/testutil"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/telegraf-station/telegraf-station/internal/logonce"
	"github.com/telegraf-station/telegraf-station/internal/schema"
	"github.com/telegraf-station/telegraf-station/internal/serialport"
)

func TestSilence(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(a *ArduinoSerial) {
		a.SilenceTimeout = config.Duration(700 * time.Millisecond)
		a.Location = []float64{35.17959, 126.90822}
	})
	require.Eventually(t, func() bool { return b.counter("silences") >= 2 }, 10*time.Second, time.Millisecond)
	silent := b.acc.GetTelegrafMetrics()[0]
	require.Equal(t, map[string]any{
		"status": int64(2), "lat": 35.17959, "lon": 126.90822, "alcohol_gas": int64(-1), "co_gas": int64(-1), "temp": -999.0, "light": int64(-1),
	}, silent.Fields())
	require.Len(t, b.log.Warnings(), 1, "logged once, however often it is repeated")
	require.Contains(t, b.log.Warnings()[0], "No reading for 700ms; sending a status 2 record: "+b.board.Path()+
		" is open at 9600 baud, but no bytes arrive; check that the sketch prints to Serial, and that this is its port")
	b.print(t, goodLine)
	require.Eventually(t, func() bool { return b.counter("readings") == 1 }, 10*time.Second, time.Millisecond)
}

func TestSilenceOfAnAbsentBoard(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(a *ArduinoSerial) {
		a.Port += ".absent"
		a.SilenceTimeout = config.Duration(50 * time.Millisecond)
		a.ReconnectInterval = config.Duration(time.Hour)
	})
	require.Eventually(t, func() bool { return b.counter("silences") >= 2 }, 10*time.Second, time.Millisecond)
	require.Equal(t, int64(2), b.acc.GetTelegrafMetrics()[0].Fields()["status"])
}

// silentPort is a port on which nothing comes until the board was reset, or ever.
type silentPort struct {
	resets  int
	fails   error
	revives bool
	sends   string // at each read
}

func (p *silentPort) Read(chunk []byte) (int, error) {
	time.Sleep(250 * time.Millisecond)
	if p.revives && p.resets > 0 {
		return copy(chunk, goodLine), nil
	}
	return copy(chunk, p.sends), nil
}

func (*silentPort) SetReadDeadline(time.Time) error { return nil }

func (p *silentPort) Reset() error {
	p.resets++
	return p.fails
}

func (*silentPort) Close() error { return nil }

func (*silentPort) LineErrors() (serialport.LineErrors, bool) { return serialport.LineErrors{}, false }

// watch reads a port for a time, and reopens it when the watchdog requires it. It runs in a bubble, where hours take no time.
func watch(t *testing.T, port *silentPort, reset string, duration time.Duration) *bench {
	t.Helper()
	b := &bench{acc: &testutil.Accumulator{}, log: &testutil.CaptureLogger{}}
	b.plugin = newPlugin(func(a *ArduinoSerial) {
		a.ResetOnOpen, a.Log = reset, b.log
		a.DeviceID = t.TempDir() // one of its own: counters are the process's, by their tags
	})
	require.NoError(t, b.plugin.Init())
	settings := b.plugin.settings[0]
	s := newStation(settings, b.acc, b.log, newCounters(b.plugin.Statistics, settings.tags))
	ctx, cancel := context.WithTimeout(t.Context(), duration)
	defer cancel()
	s.watchdog.restart()
	for ctx.Err() == nil {
		if err := s.read(ctx, port); err != nil {
			require.ErrorIs(t, err, errReopen)
		}
	}
	return b
}

func TestWatchdog(t *testing.T) {
	for name, test := range map[string]struct {
		port                            silentPort
		reset                           string
		duration                        time.Duration
		silences, reopens, resets, sent int64
	}{
		// The port is reopened at the steps 1, 4, 8, ... 2048 of a day; the board is reset at the second.
		"a dead board, for a day":         {silentPort{}, "auto", 24*time.Hour + time.Second, 2880, 11, 1, 1},
		"a dead board, reset always":      {silentPort{}, "always", 80 * time.Second, 2, 1, 1, 1},
		"a dead board, reset never":       {silentPort{}, "never", 24*time.Hour + time.Second, 2880, 11, 0, 0},
		"no DTR line":                     {silentPort{fails: serialport.ErrNoReset}, "auto", 91 * time.Second, 3, 1, 1, 0},
		"a reset that fails":              {silentPort{fails: unix.EIO}, "auto", 91 * time.Second, 3, 1, 1, 0},
		"a board that a reset revives":    {silentPort{revives: true}, "auto", time.Hour, 2, 1, 1, 1},
		"a board that sends broken lines": {silentPort{sends: "broken\n"}, "auto", 121 * time.Second, 4, 2, 0, 0},
		"one that sends noise":            {silentPort{sends: "\xff\x80\x00"}, "auto", 121 * time.Second, 4, 2, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := watch(t, &test.port, test.reset, test.duration)
				require.Equal(t, test.silences, b.counter("silences"), "silences")
				require.Equal(t, test.reopens, b.counter("reopens"), "reopens")
				require.Equal(t, test.sent, b.counter("resets_sent"), "resets_sent")
				require.Equal(t, int(test.resets), test.port.resets)
				require.LessOrEqual(t, len(b.log.Warnings()), 2*(1+int(test.duration/logonce.Period)), "warnings are limited")
			})
		})
	}
}

// A board with its own power may come back silent after its cable was pulled.
func TestTheResetComesAfterAnAbsence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		port := &silentPort{}
		w := watchdog{timeout: 30 * time.Second}
		w.restart()
		for range 3 { // steps without a port
			time.Sleep(30 * time.Second)
			require.True(t, w.step())
		}
		s := &station{watchdog: w, counters: newCounters(selfstat.NewCollector(map[string]string{}), map[string]string{"device_id": t.TempDir()})}
		s.settings = settings{reset: serialport.ResetAuto, silenceTimeout: 30 * time.Second, schema: mustLoad(t)}
		s.acc, s.log = &testutil.Accumulator{}, logonce.New(&testutil.CaptureLogger{}, "")
		time.Sleep(30 * time.Second)
		require.NoError(t, s.checkPort(port, newDriverErrors(port, s.counters)))
		require.Equal(t, 1, port.resets)
		time.Sleep(30 * time.Second)
		require.NoError(t, s.checkPort(port, newDriverErrors(port, s.counters)))
		require.Equal(t, 1, port.resets, "once in a silence")
	})
}

func mustLoad(t *testing.T) *schema.Schema {
	t.Helper()
	loaded, err := schema.Load("")
	require.NoError(t, err)
	return loaded
}

// A board that prints less often than silence_timeout is reset once an hour at most: it must get to print.
func TestTheWatchdogLeavesASlowBoardAlone(t *testing.T) {
	w := watchdog{timeout: 30 * time.Second}
	w.steps = 2
	require.True(t, w.canReset())
	w.reset = true
	require.False(t, w.canReset())
	w.restart()
	w.steps = 2
	w.lastReset = time.Now().Add(-59 * time.Minute)
	require.False(t, w.canReset())
	w.lastReset = time.Now().Add(-61 * time.Minute)
	require.True(t, w.canReset())
}

// countingPort has a driver that counts.
type countingPort struct {
	silentPort
	errors serialport.LineErrors
}

func (c *countingPort) LineErrors() (serialport.LineErrors, bool) { return c.errors, true }

func TestDriverErrors(t *testing.T) {
	counters := newCounters(selfstat.NewCollector(map[string]string{}), map[string]string{"device_id": t.TempDir()})
	port := &countingPort{errors: serialport.LineErrors{Framing: 100, Overrun: 200, Parity: 300}}
	driver := newDriverErrors(port, counters)
	port.errors = serialport.LineErrors{Framing: 101, Overrun: 202, Parity: 303}
	driver.countIfDue()
	require.Zero(t, counters.framing.Get(), "not at each read")
	driver.count()
	driver.count()
	require.Equal(t, []int64{1, 2, 3}, []int64{counters.framing.Get(), counters.overrun.Get(), counters.parity.Get()})
	require.Equal(t, int64(3), more(math.MinInt32+1, math.MaxInt32-1), "32 bits wrap")
}
