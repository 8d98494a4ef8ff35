package line

import (
	"regexp"
	"strings"

	"github.com/telegraf-station/telegraf-station/internal/line/flatjson"
)

var printedNumber = regexp.MustCompile(`^([+-]?)([0-9]*)(\.[0-9]*)?([eE][+-]?[0-9]+)?$`)

// parseValue reads a value of CSV or key=value. In addition to the forms of JSON, it supports numbers as printf and people write
// them: 009, +5, .5, and 5. (with the point). Text must be in quotes.
func parseValue(word string) (value any, ok bool) {
	if text := strings.Trim(word, `"`); len(word) == len(text)+2 && word[0] == '"' && !strings.ContainsAny(text, `"\\`) {
		return text, true
	}
	parts := printedNumber.FindStringSubmatch(word)
	if parts == nil || (parts[2] == "" && len(parts[3]) < 2) {
		return flatjson.ParseWord(word)
	}
	sign, whole, fraction, exponent := strings.TrimPrefix(parts[1], "+"), strings.TrimLeft(parts[2], "0"), parts[3], parts[4]
	if whole == "" {
		whole = "0"
	}
	if fraction == "." {
		fraction = ".0"
	}
	return flatjson.ParseWord(sign + whole + fraction + exponent)
}
