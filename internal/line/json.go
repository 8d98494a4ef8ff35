package line

import (
	"bytes"

	"github.com/telegraf-station/telegraf-station/internal/line/flatjson"
)

// JSON is one object a line.
type JSON struct{}

// Decode reads an object; flatjson says what it accepts.
func (JSON) Decode(text []byte) ([]Values, error) {
	values, err := flatjson.Decode(text)
	if err != nil {
		return nil, err
	}
	return []Values{values}, nil
}

// Starts are the opening braces, and what is behind a closing one, where noise may begin: not before ",", "]" or "}", as behind an
// inner one, and not before a checksum. A brace where a value stands, behind
// a name or in an array, may open an object within the record. "Data: {" is no name: it lacks the quote.
func (JSON) Starts(text []byte) []Start {
	var starts []Start
	var before, earlier byte // the last bytes that are no blanks
	array := false
	for at, char := range text {
		value := before == ':' && earlier == '"'
		switch {
		case char == '{' && at > 0:
			starts = append(starts, Start{At: at, Weak: value || array})
		case before == '}' && bytes.IndexByte([]byte(",]}*"), char) < 0:
			starts = append(starts, Start{At: at, Weak: true})
		case char == '[' && value:
			array = true
		}
		if char != ' ' && char != '\t' {
			before, earlier = char, before
		}
	}
	return starts
}

// Delimited is true: a part of an object lacks a brace.
func (JSON) Delimited() bool { return true }
