package avr

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Pin is an analog pin of the sketch's wiring.
type Pin int

// The sketch's analog sensors.
const (
	AlcoholGas Pin = iota
	CoGas
	Light
	Temperature // LM35 or TMP36
	Dust
)

// Saturated is the voltage, in millivolts, of a sensor that gives all it can, and TornOff that of one whose wire came off, with
// the pull-down resistor that the sketch's README asks for. Without one, see Float.
const (
	Saturated = 5000
	TornOff   = 0
)

// Script says what is on the board's pins, and when. Its times are simulated ones, from the start; they are whole milliseconds
// and may be given in any order.
type Script struct{ events []event }

type event struct {
	at   time.Duration
	what string
}

func (s *Script) add(at time.Duration, format string, args ...any) *Script {
	s.events = append(s.events, event{at, fmt.Sprintf(format, args...)})
	return s
}

// ADC puts a voltage on a pin.
func (s *Script) ADC(at time.Duration, pin Pin, millivolts int) *Script {
	return s.add(at, "adc %d %d", pin, millivolts)
}

// Float leaves a pin without anything: the converter then reads what it had from the pin before.
func (s *Script) Float(at time.Duration, pin Pin) *Script { return s.add(at, "adc %d float", pin) }

// Voltages puts a voltage on every analog pin.
func (s *Script) Voltages(at time.Duration, v Voltages) *Script {
	for pin, millivolts := range v {
		s.ADC(at, Pin(pin), millivolts)
	}
	return s
}

// GPS lets the receiver send a sentence, given without "$" and checksum ("GPRMC,020000.00,A,..."). At 9600 baud a byte takes a
// millisecond; a sentence that comes sooner waits.
func (s *Script) GPS(at time.Duration, sentence string) *Script {
	return s.RawGPS(at, fmt.Sprintf("$%s*%02X", sentence, checksum(sentence)))
}

// RawGPS lets the receiver send any line.
func (s *Script) RawGPS(at time.Duration, line string) *Script { return s.add(at, "gps %s", line) }

// checksum is NMEA's: all bytes XORed.
func checksum(sentence string) byte {
	var sum byte
	for _, letter := range []byte(sentence) {
		sum ^= letter
	}
	return sum
}

// DS18B20 puts a thermometer on its pin, or changes the temperature around it.
func (s *Script) DS18B20(at time.Duration, degrees float64) *Script {
	return s.add(at, "ds18b20 %g", degrees)
}

// DS18B20Fault is what can be wrong with the thermometer.
type DS18B20Fault string

// The thermometer's faults: it is not there; its answers have a wrong CRC from now on; it lost its power for a moment.
const (
	Absent    DS18B20Fault = "absent"
	Damaged   DS18B20Fault = "damaged"
	Unpowered DS18B20Fault = "unpowered"
)

// DS18B20Fails lets the thermometer fail.
func (s *Script) DS18B20Fails(at time.Duration, fault DS18B20Fault) *Script {
	return s.add(at, "ds18b20 %s", fault)
}

// Reset presses the reset button, which an Uno does itself when its port is opened.
func (s *Script) Reset(at time.Duration) *Script { return s.add(at, "reset") }

// Repeat restarts the script. It is the last command of a script.
func (s *Script) Repeat(at time.Duration) *Script { return s.add(at, "repeat") }

// Stop ends the simulation.
func (s *Script) Stop(at time.Duration) *Script { return s.add(at, "stop") }

// String is the script in the simulator's form. What has the same time keeps its order.
func (s *Script) String() string {
	sorted := slices.Clone(s.events)
	slices.SortStableFunc(sorted, func(a, b event) int { return cmp.Compare(a.at, b.at) })
	var text strings.Builder
	for _, e := range sorted {
		fmt.Fprintf(&text, "at %d %s\n", e.at.Milliseconds(), e.what)
	}
	return text.String()
}
