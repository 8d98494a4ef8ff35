package arduino

import (
	"fmt"
	"strings"
)

// Reading is a line that a board prints and what must come out of it.
type Reading struct {
	// Line ends in a newline.
	Line string
	// Status is the record's.
	Status int64
	// Values are the record's lat, lon and sensor values: int64 or float64; what is not there was left out.
	Values map[string]any
}

// value is one member of a line, and of the record if it is good.
type value struct {
	name string
	text string
	want any
}

// defect changes a good line into one of status 1.
type defect struct {
	name string
	text string // replaces the value; "" omits the member
}

// defects are the ways in which the environment schema can be broken, each for an int field with an error value, a float field with one,
// one without (dust), or the position.
func defects() []defect {
	return []defect{
		{"alcohol_gas", ""},
		{"alcohol_gas", "null"},
		{"alcohol_gas", "1024"},
		{"alcohol_gas", "-5"},
		{"alcohol_gas", `"9"`},
		{"co_gas", "117.5"},
		{"co_gas", "true"},
		{"co_gas", "1e999"},
		{"co_gas", "[117]"},
		{"co_gas", "99999999999999999999"},
		{"temp", ""},
		{"temp", "null"},
		{"temp", "125.01"},
		{"temp", "-127.00"},
		{"temp", "nan"},
		{"temp", "inf"},
		{"temp", `"warm"`},
		{"temp", "ovf"},
		{"light", "-1"},
		{"light", `{"raw":554}`},
		{"light", "554.25"},
		{"light", "false"},
		{"dust", "-0.01"},
		{"dust", "750.5"},
		{"dust", "null"},
		{"dust", "NAN"},
		{"lat", ""},
		{"lat", "90.5"},
		{"lat", "null"},
		{"lon", ""},
		{"lon", "-180.5"},
		{"lon", `"126"`},
	}
}

// Readings gives n distinct readings of the environment schema. Every second one is good, the others have one defect each,
// every kind in turn. No two readings of one seed, nor of seeds that differ by less than 100, have the same values.
func Readings(seed, n int) []Reading {
	all := make([]Reading, 0, n)
	broken := defects()
	for i := range n {
		values := good(seed*100_000 + i)
		if i%2 == 0 {
			all = append(all, reading(values))
			continue
		}
		all = append(all, damaged(values, broken[i/2%len(broken)]))
	}
	return all
}

// good gives values that differ for each i below 10,000,000, in the position as well as in dust.
func good(i int) []value {
	lat, lon := float64(i)/1e5-50, float64(i)/1e5+20
	temp := float64(i%16500)/100 - 40
	values := []value{
		{"lat", fmt.Sprintf("%.5f", lat), nil},
		{"lon", fmt.Sprintf("%.5f", lon), nil},
		{"alcohol_gas", fmt.Sprint(i % 1024), int64(i % 1024)},
		{"co_gas", fmt.Sprint(i / 7 % 1024), int64(i / 7 % 1024)},
		{"temp", fmt.Sprintf("%.2f", temp), nil},
		{"light", fmt.Sprint(i / 3 % 1024), int64(i / 3 % 1024)},
		{"dust", fmt.Sprintf("%.5f", float64(i)/1e5), nil},
	}
	for k, v := range values {
		if v.want == nil {
			values[k].want = parseFloat(v.text)
		}
	}
	return values
}

func reading(values []value) Reading {
	r := Reading{Values: make(map[string]any)}
	var members []string
	for _, v := range values {
		if v.text != "" {
			members = append(members, fmt.Sprintf("%q:%s", v.name, v.text))
		}
		if v.want != nil {
			r.Values[v.name] = v.want
		}
	}
	r.Line = "{" + strings.Join(members, ",") + "}\r\n"
	return r
}

func damaged(values []value, broken defect) Reading {
	errorValues := map[string]any{"alcohol_gas": int64(-1), "co_gas": int64(-1), "temp": -999.0, "light": int64(-1)}
	for k := range values {
		if values[k].name == broken.name {
			values[k].text, values[k].want = broken.text, errorValues[broken.name]
		}
	}
	r := reading(values)
	r.Status = 1
	return r
}

func parseFloat(text string) float64 {
	var number float64
	_, _ = fmt.Sscan(text, &number) // text is a number that good just printed
	return number
}
