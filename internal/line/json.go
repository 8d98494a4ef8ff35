package line

import (
	"github.com/telegraf-station/telegraf-station/internal/flatjson"
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

// Starts are the opening braces. One that stands where a value does may open an object within the record.
func (JSON) Starts(text []byte) []Start {
	var starts []Start
	before, array := byte(0), false // the last byte that is no blank; whether an array began
	for at, char := range text {
		if char == '{' && at > 0 {
			starts = append(starts, Start{At: at, Weak: before == ':' || array})
		}
		array = array || (char == '[' && before == ':')
		if char != ' ' && char != '\t' {
			before = char
		}
	}
	return starts
}

// Delimited is true: a part of an object lacks a brace.
func (JSON) Delimited() bool { return true }
