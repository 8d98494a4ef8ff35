package flatjson

import (
	"math"
	"strconv"
	"strings"
)

// ParseWord reads a value without quotes or brackets: a number, true, false, null, or what an Arduino prints for a float that is not
// a number (nan, inf, ovf). ok is false for any other word.
func ParseWord(word string) (value any, ok bool) {
	if isNumber, isInteger := classify(word); isNumber {
		return number(word, isInteger), true
	}
	switch strings.ToLower(word) {
	case "nan", "-nan":
		return math.NaN(), true
	case "inf", "ovf":
		return math.Inf(1), true
	case "-inf", "-ovf":
		return math.Inf(-1), true
	}
	switch word {
	case "true":
		return true, true
	case "false":
		return false, true
	case "null":
		return nil, true
	}
	return nil, false
}

// classify follows the grammar of RFC 8259, section 6, which is stricter than strconv.
func classify(word string) (isNumber, isInteger bool) {
	rest := strings.TrimPrefix(word, "-")
	whole := digits(rest)
	if whole == 0 || (whole > 1 && rest[0] == '0') {
		return false, false
	}
	rest = rest[whole:]
	if rest == "" {
		return true, true
	}
	if fraction, found := strings.CutPrefix(rest, "."); found {
		n := digits(fraction)
		if n == 0 {
			return false, false
		}
		rest = fraction[n:]
	}
	if rest == "" {
		return true, false
	}
	if rest[0] != 'e' && rest[0] != 'E' {
		return false, false
	}
	exponent := rest[1:]
	if exponent != "" && (exponent[0] == '+' || exponent[0] == '-') {
		exponent = exponent[1:]
	}
	return exponent != "" && digits(exponent) == len(exponent), false
}

// digits returns the number of leading digits.
func digits(text string) int {
	n := 0
	for n < len(text) && text[n] >= '0' && text[n] <= '9' {
		n++
	}
	return n
}

// number returns an int64 for an integer in its range, otherwise a float64, which is infinite for values beyond its range.
func number(word string, isInteger bool) any {
	if isInteger {
		if integer, err := strconv.ParseInt(word, 10, 64); err == nil {
			return integer
		}
	}
	float, _ := strconv.ParseFloat(word, 64) // its only possible error is ErrRange, with ±Inf or 0 as the value
	return float
}
