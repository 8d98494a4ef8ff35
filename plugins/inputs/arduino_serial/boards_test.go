package arduino_serial

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/influxdata/telegraf/config"
	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/test/bed/arduino"
)

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
}

// Several boards of one section each have their own port, tags and counters; the rest is the section's.
func TestBoards(t *testing.T) {
	t.Parallel()
	loader := config.NewConfig()
	require.NoError(t, loader.LoadConfigData([]byte(`
[[inputs.arduino_serial]]
  baud_rate = 115200
  site = "JNU"
  index = "1"
  type = "rasp"
  location = [35.0, 127.0]
  silence_timeout = "1h"
  [[inputs.arduino_serial.board]]
    port = "PORT"
    device_id = "roof"
  [[inputs.arduino_serial.board]]
    port = "PORT"
    device_id = "yard"
    baud_rate = 9600
    index = "2"
    location = [36.0, 128.0]
`), config.EmptySourcePath))
	parsed, ok := loader.Inputs[0].Input.(*ArduinoSerial)
	require.True(t, ok)
	folder := t.TempDir()
	var boards []*arduino.Board
	b := newBench(t, func(a *ArduinoSerial) {
		a.Options = parsed.Options
		a.ReconnectInterval = config.Duration(5 * time.Millisecond)
		for i := range a.Boards {
			a.Boards[i].Port = filepath.Join(folder, a.Boards[i].DeviceID)
			board, err := arduino.Plug(a.Boards[i].Port)
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, board.Unplug()) })
			boards = append(boards, board)
		}
	})
	require.Equal(t, []int{115200, 9600}, []int{b.plugin.settings[0].mode.BaudRate, b.plugin.settings[1].mode.BaudRate})
	for _, board := range boards {
		require.NoError(t, board.Print(`{"alcohol_gas":9,"co_gas":117,"temp":26.52,"light":554}`+"\n"))
	}
	metrics := b.waitMetrics(t, 2)
	lats := map[string]any{}
	for _, metric := range metrics {
		lats[metric.Tags()["device_id"]+metric.Tags()["index"]] = metric.Fields()["lat"]
	}
	require.Equal(t, map[string]any{"roof1": 35.0, "yard2": 36.0}, lats)
	require.NoError(t, boards[0].Print("broken\n"))
	require.Eventually(t, func() bool { return len(b.log.Warnings()) == 1 }, 10*time.Second, time.Millisecond)
	require.Contains(t, b.log.Warnings()[0], "roof: Line rejected: ")
}

// Each board that is silent is named.
func TestGatherNamesTheSilentBoard(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	b := newBench(t, func(a *ArduinoSerial) {
		twoBoards(a)
		a.FirstReadingTimeout = config.Duration(300 * time.Millisecond)
		a.Boards[0].Port, a.Boards[1].Port = folder+"/ttyACM0", folder+"/ttyACM1"
		a.Boards[0].DeviceID, a.Boards[1].DeviceID = folder+"roof", folder+"yard"
	})
	b.plug(t, folder+"/ttyACM0")
	b.print(t, goodLine)
	require.EqualError(t, b.plugin.Gather(b.acc), "no reading within first_reading_timeout (300ms): "+folder+"yard: "+folder+
		`/ttyACM1: no such device; plug in the board, or list the ports with "ls /dev/serial/by-id"`)
}
