package avr

import (
	"fmt"
	"math"
)

// Voltages are what the analog sensors give, in millivolts, by Pin.
type Voltages [5]int

// Reference are the voltages of the readings that the whole project has as its example: alcohol_gas 9, co_gas 117, light 554, and
// 26.37 degrees, which is the LM35's step below 26.52.
func Reference() Voltages {
	return Voltages{AlcoholGas: 46, CoGas: 574, Light: 2708, Temperature: 265, Dust: 600}
}

// Day gives the voltages of n readings of a whole day from midnight: dark until six, brightest and warmest in the early
// afternoon, with the traffic's gases and dust in the morning and the evening.
func Day(n int) []Voltages {
	day := make([]Voltages, n)
	for i := range day {
		hour := 24 * float64(i) / float64(n)
		sun := max(0, math.Sin((hour-6)/12*math.Pi))
		traffic := bump(hour, 8) + bump(hour, 18)
		day[i] = Voltages{
			AlcoholGas: 46 + int(20*traffic), CoGas: 574 + int(800*traffic), Light: 40 + int(4200*sun),
			Temperature: 180 + int(90*max(0, math.Sin((hour-8)/12*math.Pi))), Dust: 650 + int(900*traffic),
		}
	}
	return day
}

// bump is 1 at its hour and small two hours off.
func bump(hour, at float64) float64 { return math.Exp(-(hour - at) * (hour - at)) }

// Position gives the sentences RMC and GGA of a receiver that has a fix, given in ten-thousandths of a minute of arc, as it sends
// them: 35 degrees 10.7754 minutes are 21107754.
func Position(lat, lon int) (rmc, gga string) {
	north, latitude := angle(lat, "N", "S", 2)
	east, longitude := angle(lon, "E", "W", 3)
	position := fmt.Sprintf("%s,%s,%s,%s", latitude, north, longitude, east)
	return "GPRMC,020000.00,A," + position + ",0.004,77.52,241126,,,A", "GPGGA,020000.00," + position + ",1,08,1.01,47.3,M,19.6,M,,"
}

func angle(value int, plus, minus string, digits int) (side, text string) {
	side = plus
	if value < 0 {
		side, value = minus, -value
	}
	const degree = 60 * 10000
	return side, fmt.Sprintf("%0*d%02d.%04d", digits, value/degree, value%degree/10000, value%10000)
}
