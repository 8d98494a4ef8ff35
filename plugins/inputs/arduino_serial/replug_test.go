package arduino_serial

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/test/arduino"
	"github.com/telegraf-station/telegraf-station/test/process"
)

// TestReplug pulls the cable in the middle of a line, 200 times, and plugs it in again under the same and under another name.
func TestReplug(t *testing.T) {
	b := newBench(t, func(a *ArduinoSerial) { a.Port = filepath.Join(filepath.Dir(a.Port), "ttyACM*") })
	b.print(t, goodLine)
	b.waitMetrics(t, 1)
	descriptors := openDescriptors(t)
	folder := filepath.Dir(b.board.Path())
	readings := arduino.Readings(2, 200)
	for i, reading := range readings {
		read := b.counter("bytes")
		b.print(t, goodLine[:40])
		require.Eventually(t, func() bool { return b.counter("bytes") == read+40 }, 10*time.Second, time.Millisecond)
		require.NoError(t, b.board.Unplug())
		b.plug(t, filepath.Join(folder, fmt.Sprintf("ttyACM%d", i%2)))
		b.print(t, reading.Line)
		metrics := b.waitMetrics(t, i+2)
		reading.Values["status"] = reading.Status
		require.Equal(t, reading.Values, metrics[i+1].Fields())
	}
	require.Equal(t, descriptors, openDescriptors(t))
	require.Equal(t, int64(201), b.counter("opens"))
	require.Equal(t, int64(200), b.counter("partial_lines"))
	b.plugin.Stop()
	require.Equal(t, descriptors-localPortDescriptors, openDescriptors(t), "Stop leaves no descriptor open")
}

// localPortDescriptors are the device, its lock and the two ends of the serial library's pipe.
const localPortDescriptors = 4

func openDescriptors(t *testing.T) int {
	t.Helper()
	count, err := process.Descriptors()
	require.NoError(t, err)
	return count
}
