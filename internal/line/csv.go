package line

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"github.com/telegraf-station/telegraf-station/internal/line/flatjson"
)

// CSV is values in a fixed order, separated by comma, semicolon or tab: 9,117,26.52
type CSV struct {
	// Columns name the values, in their order.
	Columns []string
}

// isHeader says that a text is the columns' names, which some sketches print at each boot.
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

// Decode wants a value for each column; an empty one is null. A header line, the columns' names, is no reading and no error.
func (c CSV) Decode(text []byte) ([]Values, error) {
	if !utf8.Valid(text) {
		return nil, flatjson.ErrEncoding
	}
	words := bytes.Split(text, separator(text))
	if len(words) != len(c.Columns) {
		return nil, fmt.Errorf("%d values, but columns names %d", len(words), len(c.Columns))
	}
	if c.isHeader(text) {
		return nil, nil
	}
	values := make(Values, len(words))
	for i, word := range words {
		word = bytes.TrimSpace(word)
		value, ok := csvValue(word)
		if !ok {
			return nil, fmt.Errorf("column %q: %.40q is not a value", c.Columns[i], word)
		}
		values[c.Columns[i]] = value
	}
	return []Values{values}, nil
}

func csvValue(word []byte) (any, bool) {
	if len(word) == 0 {
		return nil, true
	}
	return parseWord(string(word))
}

// separator is the first of the separators that the text has.
func separator(text []byte) []byte {
	for _, candidate := range []string{",", ";", "\t"} {
		if bytes.Contains(text, []byte(candidate)) {
			return []byte(candidate)
		}
	}
	return []byte(",")
}

// Starts are none: a record of numbers may start anywhere. Checksums tell records apart.
func (CSV) Starts([]byte) []Start { return nil }

// Delimited is false: if the first or the last number is cut, there are still as many.
func (CSV) Delimited() bool { return false }
