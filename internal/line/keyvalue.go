package line

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"unicode/utf8"

	"github.com/telegraf-station/telegraf-station/internal/line/flatjson"
)

// KeyValue is the format with names and values, separated by blanks, commas, or semicolons: temp=26.52 light=554
type KeyValue struct{}

var keyForm = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]*$`)

// Decode implements Format. Every word must be name=value, and names must be unique.
func (KeyValue) Decode(text []byte) ([]Values, error) {
	if !utf8.Valid(text) {
		return nil, flatjson.ErrEncoding
	}
	values := make(Values)
	for _, pair := range bytes.FieldsFunc(text, isPairSeparator) {
		key, word, found := bytes.Cut(pair, []byte("="))
		if !found || !keyForm.Match(key) {
			return nil, fmt.Errorf("%.40q is not name=value", pair)
		}
		value, ok := parseValue(string(word))
		if !ok {
			return nil, fmt.Errorf("%.40q is not a valid value for %.40q", word, key)
		}
		if _, repeated := values[string(key)]; repeated {
			return nil, fmt.Errorf("duplicate name %.40q", key)
		}
		values[string(key)] = value
	}
	if len(values) == 0 {
		return nil, errors.New("no name=value pair")
	}
	return []Values{values}, nil
}

func isPairSeparator(char rune) bool {
	return char == ' ' || char == '\t' || char == ',' || char == ';'
}

// Starts returns the places where the first name is repeated.
func (KeyValue) Starts(text []byte) []Start {
	end := bytes.IndexByte(text, '=')
	if end <= 0 {
		return nil
	}
	first := text[:end+1]
	var starts []Start
	for at := end + 1; ; {
		next := bytes.Index(text[at:], first)
		if next < 0 {
			return starts
		}
		starts = append(starts, Start{At: at + next})
		at += next + len(first)
	}
}

// Delimited is false: part of a record also consists of name=value pairs.
func (KeyValue) Delimited() bool { return false }
