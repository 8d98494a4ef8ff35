package arduino_serial

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/config"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/telegraf-station/telegraf-station/test/bed/arduino"
	"github.com/telegraf-station/telegraf-station/test/bed/process"
)

// replugs is how often the cable is pulled.
const replugs = 1000

// TestReplug pulls the cable at random moments, mostly in mid-line, and plugs it in again under the same or another name. Each
// line whose end had come is read, and nothing is left of the openings: no descriptor, no goroutine, no memory.
func TestReplug(t *testing.T) {
	b := prepareBench(t, func(a *ArduinoSerial) {
		a.Port = filepath.Join(filepath.Dir(a.Port), "ttyACM*")
		a.ReconnectInterval = config.Duration(time.Millisecond)
	})
	acc := &lineNumbers{Accumulator: b.acc}
	b.start(t, acc)
	random := rand.New(rand.NewPCG(3, 4)) //nolint:gosec // the same sequence each time
	var want []int
	var before usage
	for i := range replugs {
		whole, text := cutLines(random, 10*i)
		read := b.counter("bytes")
		b.print(t, text)
		require.Eventually(t, func() bool { return b.counter("bytes") == read+int64(len(text)) }, 10*time.Second, 100*time.Microsecond)
		if i == replugs/10 { // it has grown what grows once
			before = used(t)
		}
		for n := range whole {
			want = append(want, 10*i+n)
		}
		if i < replugs-1 {
			b.replug(t, fmt.Sprintf("ttyACM%d", random.IntN(2)))
		}
	}
	after := used(t)
	require.Equal(t, before.descriptors, after.descriptors)
	require.LessOrEqual(t, after.goroutines, before.goroutines)
	require.Less(t, after.heap, before.heap+1<<20, "bytes")
	require.Equal(t, int64(replugs), b.counter("opens"))
	b.plugin.Stop()
	require.Equal(t, want, acc.numbers)
	require.Equal(t, after.descriptors-1, used(t).descriptors, "Stop closes the port")
}

// replug leaves nothing to clean up, which would grow with each.
func (b *bench) replug(t *testing.T, name string) {
	t.Helper()
	require.NoError(t, b.board.Unplug())
	board, err := arduino.Plug(filepath.Join(filepath.Dir(b.board.Path()), name))
	require.NoError(t, err)
	*b.board = *board
}

// cutLines are lines numbered from first, cut anywhere; whole is how many have their end.
func cutLines(random *rand.Rand, first int) (whole int, text string) {
	for n := range 8 {
		text += stormLine(first+n) + "\r\n"
	}
	text = text[:1+random.IntN(len(text)-1)]
	return strings.Count(text, "\r"), text
}

// usage is what this process has.
type usage struct {
	descriptors, goroutines int
	heap                    uint64 // bytes
}

func used(t *testing.T) usage {
	t.Helper()
	descriptors, err := process.Descriptors()
	require.NoError(t, err)
	runtime.GC()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	return usage{descriptors, runtime.NumGoroutine(), memory.HeapAlloc}
}

// lineNumbers keeps the numbers of the lines that became metrics.
type lineNumbers struct {
	telegraf.Accumulator
	numbers []int
}

func (l *lineNumbers) AddMetric(metric telegraf.Metric) {
	lat, _ := metric.Fields()["lat"].(float64)
	l.numbers = append(l.numbers, int(lat*1e5+0.5))
}

// An absent board costs next to nothing: with the shipped interval, a look a second.
func TestAnAbsentBoardCostsNoCPU(t *testing.T) {
	b := newBench(t, func(a *ArduinoSerial) { a.ReconnectInterval = config.Duration(time.Second) })
	require.NoError(t, b.board.Unplug())
	require.Eventually(t, func() bool { return len(b.log.Warnings()) > 0 }, 10*time.Second, time.Millisecond)
	const watched = 3 * time.Second
	before := processorTime(t)
	time.Sleep(watched)
	require.Less(t, processorTime(t)-before, watched/20)
}

func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var usage unix.Rusage
	require.NoError(t, unix.Getrusage(unix.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
