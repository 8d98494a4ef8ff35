//go:build real

package avr

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	good   = "GNRMC,020000.00,A,3510.7754,N,12654.4932,E,0.004,77.52,241126,,,A"
	lost   = "GPRMC,020000.00,V,,,,,,,241126,,,N"
	jnu    = "35.179590 126.908220"
	nobody = "null null"
)

// position is "lat lon" of a line.
func position(t *testing.T, one line) string {
	t.Helper()
	return value(t, one.json, "lat") + " " + value(t, one.json, "lon")
}

func TestPositionOfASentence(t *testing.T) {
	t.Parallel()
	for name, one := range map[string]struct{ sentence, want string }{
		"RMC":                       {good, jnu},
		"RMC of GPS alone":          {"GPRMC,020000.00,A,3510.7754,N,12654.4932,E,0.004,77.52,241126,,,A", jnu},
		"GGA":                       {"GPGGA,020000.00,3510.7754,N,12654.4932,E,1,08,1.01,47.3,M,19.6,M,,", jnu},
		"GGA of any satellites":     {"GLGGA,020000.00,3510.7754,N,12654.4932,E,2,08,1.01,47.3,M,19.6,M,,", jnu},
		"south and west":            {"GPRMC,020000.00,A,3352.1278,S,15112.5570,W,0.004,77.52,241126,,,A", "-33.868797 -151.209283"},
		"five decimals":             {"GPRMC,020000.00,A,3510.77541,N,12654.49327,E,0.004,77.52,241126,,,A", "35.179590 126.908221"},
		"seven decimals":            {"GPRMC,020000.00,A,3510.7754123,N,12654.4932789,E,0.004,77.52,241126,,,A", "35.179590 126.908221"},
		"no decimals":               {"GPRMC,020000.00,A,3510,N,12654,E,0.004,77.52,241126,,,A", "35.166667 126.900000"},
		"equator":                   {"GPRMC,020000.00,A,0000.0000,N,00000.0005,W,0.004,77.52,241126,,,A", "0.000000 -0.000008"},
		"pole and date line":        {"GPRMC,020000.00,A,9000.0000,S,18000.0000,W,0.004,77.52,241126,,,A", "-90.000000 -180.000000"},
		"RMC without a fix":         {lost, nobody},
		"RMC without, but numbers":  {strings.Replace(good, ",A,", ",V,", 1), nobody},
		"GGA without a fix":         {"GPGGA,020000.00,3510.7754,N,12654.4932,E,0,00,99.99,,,,,,", nobody},
		"too far north":             {strings.Replace(good, "3510", "9010", 1), nobody},
		"too far east":              {strings.Replace(good, "12654", "18054", 1), nobody},
		"999 degrees":               {strings.Replace(good, "12654", "99954", 1), nobody},
		"60 minutes":                {strings.Replace(good, "3510", "3560", 1), nobody},
		"no digits":                 {strings.Replace(good, "3510", "x510", 1), nobody},
		"one digit of minutes":      {strings.Replace(good, "3510.7754", "351", 1), nobody},
		"neither north nor south":   {strings.Replace(good, ",N,", ",,", 1), nobody},
		"another kind of sentence":  {strings.Replace(good, "RMC", "RMB", 1), nobody},
		"a maker's own sentence":    {strings.Replace(good, "GNRMC", "PUBXRMC", 1), nobody},
		"cut off after the fix":     {"GPRMC,020000.00,A,3510.7754,N", nobody},
		"fields longer than any is": {"GPRMC,020000.00,A,3510.77541234567890123456789,N,12654.4932,E,,,,,,A", "35.179590 126.908220"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			script := new(Script).GPS(1100*time.Millisecond, one.sentence).Stop(2300 * time.Millisecond)
			lines := onTheUno(t, script)
			require.Equal(t, nobody, position(t, lines[0]), "before any sentence")
			require.Equal(t, one.want, position(t, lines[1]))
		})
	}
}

func TestDamagedSentencesAreIgnored(t *testing.T) {
	t.Parallel()
	right := new(Script).GPS(0, good).String()
	sentence := strings.TrimSpace(strings.TrimPrefix(right, "at 0 gps "))
	for name, damaged := range map[string]string{
		"wrong checksum":       sentence[:len(sentence)-2] + "00",
		"one letter changed":   strings.Replace(sentence, "3510", "3511", 1),
		"no checksum":          sentence[:len(sentence)-3],
		"half a checksum":      sentence[:len(sentence)-1],
		"no dollar":            sentence[1:],
		"letters for checksum": sentence[:len(sentence)-2] + "XY",
		"noise":                "\x7f\x01U*U$*$,,,,*",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			script := new(Script).RawGPS(1100*time.Millisecond, damaged).GPS(2100*time.Millisecond, good).Stop(3300 * time.Millisecond)
			lines := onTheUno(t, script)
			require.Equal(t, nobody, position(t, lines[1]))
			require.Equal(t, jnu, position(t, lines[2]), "the next sentence is read")
		})
	}
}

// TestAReceiverThatNeverPauses takes nearly all of an Uno's time: no dust is measured, and lines are some milliseconds late, but
// they come, and with the other sensors.
func TestAReceiverThatNeverPauses(t *testing.T) {
	t.Parallel()
	script := new(Script).Voltages(0, Reference()).DS18B20(0, 26.5).DS18B20(10500*time.Millisecond, 30)
	for at := 200 * time.Millisecond; at < 20*time.Second; at += 400 * time.Millisecond {
		burst(script, at) // of half a second
	}
	lines := linesOf(t, script.Stop(20500*time.Millisecond), "TEMPERATURE=DS18B20")
	require.Len(t, lines, 20)
	for i, one := range lines {
		require.InDelta(t, float64(i+1), one.at.Seconds(), 0.03)
		require.Equal(t, "117", value(t, one.json, "co_gas"))
		require.Equal(t, jnu, position(t, one))
	}
	require.Equal(t, "26.50", value(t, lines[9].json, "temp"))
	require.Equal(t, "30.00", value(t, lines[19].json, "temp"))
	require.Equal(t, "null", value(t, lines[19].json, "dust"))
}

func TestTheFixComesAndGoes(t *testing.T) {
	t.Parallel()
	script := new(Script).GPS(1100*time.Millisecond, lost).GPS(3100*time.Millisecond, good).GPS(6100*time.Millisecond, lost).
		GPS(8100*time.Millisecond, good).Stop(22500 * time.Millisecond)
	lines := onTheUno(t, script)
	for second, want := range map[int]string{2: nobody, 3: nobody, 4: jnu, 6: jnu, 7: nobody, 8: nobody, 9: jnu, 18: jnu, 19: nobody, 22: nobody} {
		require.Equal(t, want, position(t, lines[second-1]), "%d s: the receiver says no more after 8.2 s, and a fix holds for 10 s", second)
	}
}
