package arduino_serial

import (
	"testing"
	"time"

	"github.com/influxdata/telegraf/config"
	"github.com/stretchr/testify/require"
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
	require.Contains(t, b.log.Warnings()[0], "No reading for 700ms: sending a record of status 2: "+b.board.Path()+
		" is open at 9600 baud, but nothing came: does the sketch print to Serial, and is it this port?")
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
