package avr

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestScriptIsInTheOrderOfItsTimes(t *testing.T) {
	t.Parallel()
	var script Script
	script.Stop(3*time.Second).Float(2*time.Second, Light).ADC(0, Temperature, 265).DS18B20(0, -10.5).
		DS18B20Fails(time.Second, Absent).Reset(time.Second).GPS(1500*time.Millisecond, "GPGGA,,,,,,0")
	require.Equal(t, `at 0 adc 3 265
at 0 ds18b20 -10.5
at 1000 ds18b20 absent
at 1000 reset
at 1500 gps $GPGGA,,,,,,0*66
at 2000 adc 2 float
at 3000 stop
`, script.String())
}

func TestPositionIsAsAReceiverWritesIt(t *testing.T) {
	t.Parallel()
	rmc, gga := Position(35*600000+107754, -(126*600000 + 544932))
	require.Equal(t, "GPRMC,020000.00,A,3510.7754,N,12654.4932,W,0.004,77.52,241126,,,A", rmc)
	require.Equal(t, "GPGGA,020000.00,3510.7754,N,12654.4932,W,1,08,1.01,47.3,M,19.6,M,,", gga)
}

func TestDayIsDarkAtNightAndBrightAtNoon(t *testing.T) {
	t.Parallel()
	day := Day(24)
	require.Len(t, day, 24)
	require.Equal(t, 40, day[0][Light])
	require.Equal(t, 4240, day[12][Light])
	for _, v := range day {
		for _, millivolts := range v {
			require.GreaterOrEqual(t, millivolts, 0)
			require.LessOrEqual(t, millivolts, Saturated)
		}
	}
}

func TestWrongBoard(t *testing.T) {
	t.Parallel()
	_, err := Compile(t.Context(), "due", nil, nil)
	require.EqualError(t, err, `no board "due": give uno, nano or mega`)
}
