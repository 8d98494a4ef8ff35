package line

import (
	"bytes"

	"github.com/telegraf-station/telegraf-station/internal/line/flatjson"
)

// JSON is the format with one JSON object per line.
type JSON struct{}

// Decode implements Format; flatjson describes the accepted objects.
func (JSON) Decode(text []byte) ([]Values, error) {
	values, err := flatjson.Decode(text)
	if err != nil {
		return nil, err
	}
	return []Values{values}, nil
}

// Starts returns the opening braces, and the places after closing ones, where noise may start. It omits places before ",", "]", and "}",
// which follow an inner object, and before a checksum. A brace in the place of a value, after a name or in an array, may open an object
// inside the record. "Data: {" has no quotes and is therefore not a name.
func (JSON) Starts(text []byte) []Start {
	var starts []Start
	var before, earlier byte // the last two bytes other than blanks
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

// Delimited is true, because part of an object lacks a brace.
func (JSON) Delimited() bool { return true }
