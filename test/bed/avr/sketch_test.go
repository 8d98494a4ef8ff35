//go:build real

package avr

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// stackRoom is what an Uno must have left of its 2048 bytes of RAM.
const stackRoom = 512

func TestTheSketchFitsIntoEachBoard(t *testing.T) {
	t.Parallel()
	for name, board := range boards {
		for _, temperature := range []string{"LM35", "TMP36", "DS18B20", "NONE"} {
			t.Run(name+" "+temperature, func(t *testing.T) {
				t.Parallel()
				compiled, err := Compile(t.Context(), name, []string{"TEMPERATURE=" + temperature}, os.Stderr)
				require.NoError(t, err)
				t.Logf("%s with %s: %d of %d bytes of flash, %d of %d bytes of RAM", name, temperature, compiled.Flash, board.flash, compiled.RAM, board.ram)
				require.LessOrEqual(t, compiled.Flash, board.flash)
				require.LessOrEqual(t, compiled.RAM, board.ram-stackRoom)
			})
		}
	}
}

func TestWhatIsNotConnectedIsLeftOut(t *testing.T) {
	t.Parallel()
	script := new(Script).Voltages(0, Reference()).Stop(2200 * time.Millisecond)
	lines := onTheUno(t, script, "ALCOHOL_GAS=0", "CO_GAS=0", "DUST=0", "GPS=0", "TEMPERATURE=NONE")
	require.Equal(t, `{"seq":1,"boot":1,"light":554}`, lines[0].json)
	require.Equal(t, `{"seq":2,"boot":1,"light":554}`, lines[1].json)

	lines = onTheUno(t, script, "LIGHT=0", "GPS=0")
	require.Equal(t, `{"seq":1,"boot":1,"alcohol_gas":9,"co_gas":117,"temp":26.37,"dust":`+dust(600)+`}`, lines[0].json)
}

// TestNoSensorHoldsUpALine lets all of them fail together: onTheUno requires the interval of each line.
func TestNoSensorHoldsUpALine(t *testing.T) {
	t.Parallel()
	script := new(Script).Stop(60500 * time.Millisecond)
	for i, one := range onTheUno(t, script, "TEMPERATURE=DS18B20") {
		require.Equal(t, fmt.Sprintf(`{"seq":%d,"boot":1,"alcohol_gas":-1,"co_gas":-1,"temp":-999,"light":0,"dust":null,"lat":null,"lon":null}`, i+1), one.json)
	}
}

// TestTheIntervalDoesNotDrift has many lines in a short time: one that is a clock's step late must not make the next ones late.
func TestTheIntervalDoesNotDrift(t *testing.T) {
	t.Parallel()
	script := new(Script).Voltages(0, Reference()).Stop(30025 * time.Millisecond)
	lines := linesOf(t, script, "GPS=0", "BAUD=115200", "INTERVAL=50")
	require.Len(t, lines, 600)
	for i, one := range lines[1:] {
		require.InDelta(t, float64(50*(i+1)), (one.at-lines[0].at).Seconds()*1000, 2.1)
	}
}

// TestBesideABusyReceiver has one that sends half of the time, over the time at which each line is due.
func TestBesideABusyReceiver(t *testing.T) {
	t.Parallel()
	script := new(Script).Voltages(0, Reference()).DS18B20(0, 26.5)
	burst(script, 100*time.Millisecond)
	for second := 1; second < 60; second++ {
		burst(script, time.Duration(second)*time.Second+700*time.Millisecond)
	}
	lines := linesOf(t, script.Stop(60500*time.Millisecond), "TEMPERATURE=DS18B20")
	require.Len(t, lines, 60)
	for i, one := range lines {
		require.InDelta(t, float64(i+1), one.at.Seconds(), 0.02)
		require.Equal(t, fmt.Sprintf(`{"seq":%d,"boot":1,"alcohol_gas":9,"co_gas":117,"temp":26.50,"light":554,"dust":%s,"lat":35.179590,"lon":126.908220}`, i+1, dust(600)), one.json)
	}
}

// burst is what a NEO-6M sends each second: 470 bytes, so half a second.
func burst(script *Script, at time.Duration) {
	rmc, gga := Position(35*600000+107754, 126*600000+544932)
	for _, sentence := range []string{
		rmc, "GPVTG,77.52,T,,M,0.004,N,0.008,K,A", gga, "GPGSA,A,3,23,29,07,08,09,18,26,28,,,,,1.94,1.18,1.54",
		"GPGSV,3,1,10,23,38,230,44,29,71,156,47,07,29,116,41,08,09,081,36", "GPGSV,3,2,10,10,07,189,,05,05,220,,09,34,274,42,18,25,309,44",
		"GPGSV,3,3,10,26,82,187,47,28,43,056,46", "GPGLL,3510.7754,N,12654.4932,E,020000.00,A,D",
	} {
		script.GPS(at, sentence)
	}
}

func TestEachResetIsABoot(t *testing.T) {
	t.Parallel()
	script := new(Script).Voltages(0, Reference()).Reset(2500 * time.Millisecond).Reset(5 * time.Second).Stop(7500 * time.Millisecond)
	var got []string
	for _, one := range linesOf(t, script) {
		got = append(got, value(t, one.json, "boot")+"/"+value(t, one.json, "seq"))
	}
	require.Equal(t, []string{"1/1", "1/2", "2/1", "2/2", "3/1", "3/2"}, got)
}

func TestBootsAreCountedAcrossTheEndOfTheNumbers(t *testing.T) {
	t.Parallel()
	script := new(Script)
	const boots = 300 // the low byte runs over once
	for i := range boots - 1 {
		script.Reset(time.Duration(i+1) * 20 * time.Millisecond)
	}
	lines := linesOf(t, script.Stop(boots*20*time.Millisecond+1200*time.Millisecond))
	require.Equal(t, strconv.Itoa(boots), value(t, lines[0].json, "boot"))
}
