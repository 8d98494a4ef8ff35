package line

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"github.com/telegraf-station/telegraf-station/internal/line/flatjson"
)

// CSV is the format with values in a fixed order, separated by comma, semicolon, or tab: 9,117,26.52
type CSV struct {
	// Columns name the values, in their order.
	Columns []string
}

// isHeader reports whether a text is the list of column names, which some sketches print on each boot.
func (c CSV) isHeader(text []byte) bool {
	words := bytes.Split(text, separator(text))
	if len(words) != len(c.Columns) {
		return false
	}
	for i, word := range words {
		if string(bytes.TrimSpace(word)) != c.Columns[i] {
			return false
		}
	}
	return true
}

// Decode implements Format. An empty value is null. A header line is neither a reading nor an error.
func (c CSV) Decode(text []byte) ([]Values, error) {
	if !utf8.Valid(text) {
		return nil, flatjson.ErrEncoding
	}
	words := bytes.Split(text, separator(text))
	if len(words) != len(c.Columns) {
		return nil, fmt.Errorf(`%d values, but option "columns" has %d`, len(words), len(c.Columns))
	}
	if c.isHeader(text) {
		return nil, nil
	}
	values := make(Values, len(words))
	for i, word := range words {
		word = bytes.TrimSpace(word)
		value, ok := csvValue(word)
		if !ok {
			return nil, fmt.Errorf("column %q: %.40q is not a valid value", c.Columns[i], word)
		}
		values[c.Columns[i]] = value
	}
	return []Values{values}, nil
}

func csvValue(word []byte) (any, bool) {
	if len(word) == 0 {
		return nil, true
	}
	return parseValue(string(word))
}

// separator returns the separator that a text uses.
func separator(text []byte) []byte {
	for _, candidate := range []string{",", ";", "\t"} {
		if bytes.Contains(text, []byte(candidate)) {
			return []byte(candidate)
		}
	}
	return []byte(",")
}

// Starts returns none: a record of numbers may start anywhere. Only checksums separate records.
func (CSV) Starts([]byte) []Start { return nil }

// Delimited is false: if the first or the last number is cut off in the middle, the number of values is the same.
func (CSV) Delimited() bool { return false }
