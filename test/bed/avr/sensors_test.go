//go:build real

package avr

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// analog is the line for these voltages at an LM35's station without a GPS.
func analog(seq int, v Voltages) string {
	return fmt.Sprintf(`{"seq":%d,"boot":1,"alcohol_gas":%d,"co_gas":%d,"temp":%s,"light":%d,"dust":%s}`,
		seq, count(v[AlcoholGas]), count(v[CoGas]), degrees(v[Temperature], 0), count(v[Light]), dust(v[Dust]))
}

func TestExactReadingsOfKnownVoltages(t *testing.T) {
	t.Parallel()
	steps := []Voltages{
		Reference(),
		{5, 4999, 0, 1250, 4000},
		{4995, 5000, 2500, 5, 601},
		{2501, 1234, 3210, 1499, 103},
		{777, 888, 999, 333, 1111},
		{5, 5, 5, 21, 588},
		{3000, 3100, 3200, 300, 5000},
	}
	script := new(Script)
	for i, v := range steps {
		script.Voltages(time.Duration(2*i)*time.Second+500*time.Millisecond, v)
	}
	lines := onTheUno(t, script.Stop(time.Duration(2*len(steps))*time.Second+500*time.Millisecond), "GPS=0")
	for i, v := range steps {
		// Dust is the average of a second, so the second line after the change has it whole.
		require.Equal(t, analog(2*i+2, v), lines[2*i+1].json, "%v", v)
	}
}

func TestTMP36(t *testing.T) {
	t.Parallel()
	for _, one := range []struct {
		millivolts int
		want       string
	}{
		{765, degrees(765, 500)},
		{500, degrees(500, 500)},
		{105, degrees(105, 500)}, // -39.7
		{1749, degrees(1749, 500)},
		{95, "-999"},
		{1760, "-999"},
		{TornOff, "-999"},
		{Saturated, "-999"},
	} {
		t.Run(strconv.Itoa(one.millivolts), func(t *testing.T) {
			t.Parallel()
			script := new(Script).ADC(0, Temperature, one.millivolts).Stop(1200 * time.Millisecond)
			require.Equal(t, one.want, value(t, onTheUno(t, script, "TEMPERATURE=TMP36", "GPS=0")[0].json, "temp"))
		})
	}
}

// TestTornOff uses pull-down resistors: each sensor whose failure is detectable has its error value, and the rest have their reading.
func TestTornOff(t *testing.T) {
	t.Parallel()
	all := new(Script).Voltages(0, Reference())
	for pin := AlcoholGas; pin <= Dust; pin++ {
		at := time.Duration(4*pin) * time.Second
		all.ADC(at+500*time.Millisecond, pin, TornOff).ADC(at+2500*time.Millisecond, pin, Reference()[pin])
	}
	lines := onTheUno(t, all.Stop(21500*time.Millisecond), "GPS=0")
	names := []string{"alcohol_gas", "co_gas", "light", "temp", "dust"}
	for pin, want := range []string{"-1", "-1", "0", "-999", "null"} {
		bad, good := lines[4*pin+1].json, lines[4*pin+3].json
		require.Equal(t, want, value(t, bad, names[pin]))
		require.Equal(t, analog(4*pin+4, Reference()), good)
		for _, name := range names {
			if name != names[pin] {
				require.Equal(t, value(t, good, name), value(t, bad, name))
			}
		}
	}
}

// TestFloatingPinsLookLikeReadings shows why the README asks for the resistors.
func TestFloatingPinsLookLikeReadings(t *testing.T) {
	t.Parallel()
	script := new(Script).Voltages(0, Reference()).Float(1500*time.Millisecond, CoGas).Stop(3500 * time.Millisecond)
	lines := onTheUno(t, script, "GPS=0")
	require.Equal(t, "117", value(t, lines[0].json, "co_gas"))
	require.Equal(t, value(t, lines[2].json, "alcohol_gas"), value(t, lines[2].json, "co_gas"), "it has the voltage of the pin before")
}

func TestSaturated(t *testing.T) {
	t.Parallel()
	script := new(Script).Voltages(0, Voltages{Saturated, Saturated, Saturated, Saturated, Saturated}).Stop(1200 * time.Millisecond)
	require.Equal(t, `{"seq":1,"boot":1,"alcohol_gas":1023,"co_gas":1023,"temp":-999,"light":1023,"dust":749.17}`, onTheUno(t, script, "GPS=0")[0].json)
}

// TestDustIsMeasuredInThePulse relies on the simulated sensor: its output is 0 V while its LED is off and rises for 280 us after it is turned
// on, so a sample that is too early has a lower value.
func TestDustIsMeasuredInThePulse(t *testing.T) {
	t.Parallel()
	for _, millivolts := range []int{600, 1500, 3700} {
		script := new(Script).Voltages(0, Voltages{Dust: millivolts}).Stop(5500 * time.Millisecond)
		for _, one := range onTheUno(t, script, "GPS=0") {
			require.Equal(t, dust(millivolts), value(t, one.json, "dust"))
		}
	}
}

// TestAStretchedPulseIsDropped lets bytes come from the receiver at all times, some of them in the middle of a pulse: after one
// the sketch waits for 5 ms, and measures 10 ms later again.
func TestAStretchedPulseIsDropped(t *testing.T) {
	t.Parallel()
	script := new(Script).Voltages(0, Voltages{Dust: 1500})
	for i := range 600 {
		script.RawGPS(time.Duration(17*i+i%5)*time.Millisecond, "x")
	}
	for _, one := range linesOf(t, script.Stop(10500*time.Millisecond)) {
		require.Equal(t, dust(1500), value(t, one.json, "dust"))
	}
}

func TestADay(t *testing.T) {
	t.Parallel()
	day := Day(96)
	script := new(Script)
	for i, v := range day {
		script.Voltages(time.Duration(i)*time.Second+20*time.Millisecond, v) // the line is being printed then
	}
	lines := onTheUno(t, script.Stop(time.Duration(len(day))*time.Second+500*time.Millisecond), "GPS=0")
	require.Len(t, lines, len(day))
	for i, v := range day {
		require.Equal(t, strconv.Itoa(count(v[AlcoholGas])), value(t, lines[i].json, "alcohol_gas"))
		require.Equal(t, strconv.Itoa(count(v[CoGas])), value(t, lines[i].json, "co_gas"))
		require.Equal(t, strconv.Itoa(count(v[Light])), value(t, lines[i].json, "light"))
		require.Equal(t, degrees(v[Temperature], 0), value(t, lines[i].json, "temp"))
		require.InDelta(t, number(t, dust(v[Dust])), number(t, value(t, lines[i].json, "dust")), 3, "two of its hundred samples are from the previous voltage")
	}
}

func number(t *testing.T, text string) float64 {
	t.Helper()
	parsed, err := strconv.ParseFloat(text, 64)
	require.NoError(t, err)
	return parsed
}

func TestDS18B20(t *testing.T) {
	t.Parallel()
	script := new(Script)
	temperatures := []float64{26.5, -0.5, -10.125, 0, 124.9375, -39.9375, 84.5, 85}
	for i, degrees := range temperatures {
		script.DS18B20(time.Duration(3*i)*time.Second, degrees)
	}
	lines := onTheUno(t, script.Stop(24500*time.Millisecond), "TEMPERATURE=DS18B20")
	for i, want := range []string{"26.50", "-0.50", "-10.13", "0.00", "124.94", "-39.94", "84.50", "85.00"} {
		require.Equal(t, want, value(t, lines[3*i+2].json, "temp"))
	}
	require.Equal(t, "26.50", value(t, lines[0].json, "temp"), "the first line has it already")
}

func TestDS18B20Failing(t *testing.T) {
	t.Parallel()
	script := new(Script).DS18B20(0, 26.5).
		DS18B20Fails(3500*time.Millisecond, Absent).DS18B20(7500*time.Millisecond, 20).
		DS18B20Fails(11500*time.Millisecond, Damaged).Stop(16500 * time.Millisecond)
	lines := onTheUno(t, script, "TEMPERATURE=DS18B20")
	for at, want := range map[time.Duration]string{3: "26.50", 6: "-999", 11: "20.00", 14: "-999"} {
		require.Equal(t, want, value(t, after(t, lines, at*time.Second-100*time.Millisecond).json, "temp"), "%d s", at)
	}
}

// TestDS18B20WithoutPower has a sensor that repeatedly loses its measurement: its 85 degrees are not a reading.
func TestDS18B20WithoutPower(t *testing.T) {
	t.Parallel()
	script := new(Script).DS18B20(0, 26.5)
	for at := 2 * time.Second; at < 4*time.Second; at += 100 * time.Millisecond {
		script.DS18B20Fails(at, Unpowered)
	}
	lines := onTheUno(t, script.Stop(7500*time.Millisecond), "TEMPERATURE=DS18B20")
	var got []string
	for _, one := range lines {
		got = append(got, value(t, one.json, "temp"))
	}
	require.Equal(t, []string{"26.50", "26.50"}, got[:2])
	require.Equal(t, []string{"-999", "-999"}, got[2:4])
	require.Equal(t, []string{"26.50", "26.50"}, got[5:7])
}
