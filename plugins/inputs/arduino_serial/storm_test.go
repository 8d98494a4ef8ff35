package arduino_serial

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/config"
	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/internal/line"
)

// TestStorm is a short form of TestTwoHoursOfStorm, which `make test-real` runs.
func TestStorm(t *testing.T) { storm(t, 5*time.Minute) }

// lineRate is what 115,200 baud carry, in bytes a second: a byte takes ten bits.
const lineRate = 115_200 / 10

// storm replays so much line time, at full speed, with 5% damaged lines, for each kind of checksum. With CRC-32 no damaged
// line may be accepted, and no good one lost. What becomes of them without is logged.
func storm(t *testing.T, lineTime time.Duration) {
	t.Helper()
	for name, sum := range map[string]func([]byte) []byte{
		"CRC-32": line.AppendCRC32,
		"XOR":    line.AppendXOR,
		"none":   func(text []byte) []byte { return text },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same sequence each time
			weather := &weather{sum: sum, random: random, good: make(map[int]bool)}
			b := prepareBench(t, func(a *ArduinoSerial) {
				a.SilenceTimeout = config.Duration(time.Hour)
				if name != "none" {
					a.Checksum = checksumRequired
				}
			})
			seen := &stormAccumulator{Accumulator: b.acc, readings: make(map[int]bool)}
			b.start(t, seen)
			for weather.bytes < int(lineTime.Seconds())*lineRate {
				b.print(t, weather.next())
			}
			require.Eventually(t, func() bool { return b.counter("bytes") == int64(weather.bytes) }, time.Minute, time.Millisecond)
			b.plugin.Stop()
			lost := 0
			for n := range weather.good {
				if !seen.readings[n] {
					lost++
				}
			}
			t.Logf("%s: %d lines, %d damaged; good lines lost: %d; damaged lines accepted with wrong values: %d as good, %d more with status 1; of damaged lines saved: %d",
				name, weather.lines, weather.lines-len(weather.good), lost, seen.wrong, seen.flagged, len(seen.readings)-len(weather.good)+lost)
			require.Positive(t, weather.lines-len(weather.good))
			if name == "CRC-32" {
				require.Zero(t, lost)
				require.Zero(t, seen.wrong+seen.flagged)
			}
		})
	}
}

// weather makes the lines.
type weather struct {
	sum    func([]byte) []byte
	random *rand.Rand
	lines  int
	bytes  int
	good   map[int]bool // the lines without damage, by their number
}

func (w *weather) next() string {
	text := string(w.sum([]byte(stormLine(w.lines)))) + "\r\n"
	if w.random.IntN(100) < 5 {
		text = w.damage(text)
	} else {
		w.good[w.lines] = true
	}
	w.lines++
	w.bytes += len(text)
	return text
}

// damage does what a bad line does: noise, a cut, a byte too few or a wrong bit. A line end that is lost fuses two lines.
func (w *weather) damage(text string) string {
	at := w.random.IntN(len(text) - 2)
	switch w.random.IntN(5) {
	case 0:
		return text[:at]
	case 1:
		return text[:at] + text[at+1:]
	case 2:
		noise := make([]byte, 1+w.random.IntN(20))
		for i := range noise {
			noise[i] = byte(w.random.IntN(256))
		}
		return text[:at] + string(noise) + text[at:]
	case 3:
		return text[at+1:]
	}
	flipped := []byte(text)
	for range 1 + w.random.IntN(3) {
		flipped[w.random.IntN(len(text)-2)] ^= 1 << w.random.IntN(8)
	}
	return string(flipped)
}

// stormLine holds its number in lat and lon.
func stormLine(n int) string {
	return fmt.Sprintf(`{"seq":%d,"alcohol_gas":%d,"co_gas":%d,"temp":%.2f,"light":%d,"dust":%.2f,"lat":%.5f,"lon":%.5f}`,
		n%65536, n%1024, n/3%1024, float64(n%16500)/100-40, n/7%1024, float64(n%75000)/100, float64(n)/1e5, float64(n)/1e5-90)
}

// stormAccumulator compares each metric with the line of its number.
type stormAccumulator struct {
	telegraf.Accumulator
	readings       map[int]bool
	wrong, flagged int
}

func (s *stormAccumulator) AddMetric(metric telegraf.Metric) {
	fields := metric.Fields()
	lat, _ := fields["lat"].(float64)
	n := int(lat*1e5 + 0.5)
	switch {
	case s.matches(n, fields):
		s.readings[n] = true
	case fields["status"] == int64(0):
		s.wrong++
	default:
		s.flagged++
	}
}

func (*stormAccumulator) matches(n int, fields map[string]any) bool {
	values, err := line.JSON{}.Decode([]byte(stormLine(n)))
	if err != nil {
		return false
	}
	delete(values[0], "seq")
	values[0]["status"] = int64(0)
	for name, value := range values[0] {
		if fields[name] != value {
			return false
		}
	}
	return len(fields) == len(values[0])
}
