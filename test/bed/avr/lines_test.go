//go:build real

package avr

import (
	"fmt"
	"hash/crc32"
	"io/fs"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/plugins/inputs/arduino_serial/firmware"
)

// line is what the sketch printed.
type line struct {
	at   time.Duration // of its first byte
	json string        // without the checksum
}

// onTheUno runs the sketch with these choices, and returns its lines. Each must have a right checksum and be one interval after
// the one before it, whatever the sensors do.
func onTheUno(t *testing.T, script *Script, defines ...string) []line {
	t.Helper()
	lines := linesOf(t, script, defines...)
	for i := range lines[1:] {
		requireInterval(t, lines[i], lines[i+1])
	}
	return lines
}

func linesOf(t *testing.T, script *Script, defines ...string) []line {
	t.Helper()
	return printedBy(t, firmware.Sketch, script, defines...)
}

func printedBy(t *testing.T, files fs.FS, script *Script, defines ...string) []line {
	t.Helper()
	missing := Missing()
	require.Empty(t, missing, "run test/bed/install/packages.sh")
	compiled, err := CompileSketch(t.Context(), "uno", files, defines, os.Stderr)
	require.NoError(t, err)
	printed, err := Run(t.Context(), Options{Firmware: compiled, Script: script, Dir: t.TempDir(), Times: true})
	require.NoError(t, err, printed)
	var lines []line
	for _, text := range strings.SplitAfter(printed, "\n") {
		if strings.HasSuffix(text, "\n") { // the last may be cut off by the stop
			lines = append(lines, parse(t, text))
		}
	}
	require.NotEmpty(t, lines, printed)
	return lines
}

// parse takes "MICROSECONDS JSON*CRC" apart.
func parse(t *testing.T, text string) line {
	t.Helper()
	require.True(t, strings.HasSuffix(text, "\r\n"), "%q", text)
	at, rest, _ := strings.Cut(strings.TrimSuffix(text, "\r\n"), " ")
	microseconds, err := strconv.Atoi(at)
	require.NoError(t, err)
	json, crc, _ := strings.Cut(rest, "*")
	require.Equal(t, fmt.Sprintf("%08X", crc32.ChecksumIEEE([]byte(json))), crc, "%q", text)
	return line{at: time.Duration(microseconds) * time.Microsecond, json: json}
}

// requireInterval allows for the sketch's clock, which is one of 1.024 ms steps.
func requireInterval(t *testing.T, before, after line) {
	t.Helper()
	require.InDelta(t, 1000, (after.at-before.at).Seconds()*1000, 2.1, "%q\n%q", before.json, after.json)
}

// after returns the first line that began after a time.
func after(t *testing.T, lines []line, at time.Duration) line {
	t.Helper()
	for _, one := range lines {
		if one.at > at {
			return one
		}
	}
	require.Fail(t, "no line", "after %s", at)
	return line{}
}

// value is the text of a member.
func value(t *testing.T, json, name string) string {
	t.Helper()
	_, rest, found := strings.Cut(json, `"`+name+`":`)
	require.True(t, found, json)
	return rest[:strings.IndexAny(rest, ",}")]
}

// count is what the chip's converter makes of a voltage.
func count(millivolts int) int { return min(1023, millivolts*1024/5000) }

// hundredths prints a value as the sketch does.
func hundredths(value int) string {
	sign := ""
	if value < 0 {
		sign, value = "-", -value
	}
	return fmt.Sprintf("%s%d.%02d", sign, value/100, value%100)
}

// degrees is the temperature of a sensor with 10 mV a degree.
func degrees(millivolts, atZero int) string {
	return hundredths(int(math.Floor(volts(millivolts)*10000+0.5)) - atZero*10)
}

// dust is the density that the sketch's README gives.
func dust(millivolts int) string {
	return hundredths(max(0, int(math.Floor((170*volts(millivolts)-100)*100+0.5))))
}

// volts are in the converter's steps.
func volts(millivolts int) float64 { return float64(count(millivolts)) * 5 / 1024 }
