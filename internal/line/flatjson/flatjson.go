// Package flatjson decodes one JSON object of plain values, as an Arduino prints it and as it is in a record.
//
// It differs from encoding/json where that package would hide damage or lose valid values:
//   - a duplicate key is an error, because it is not clear which value is valid;
//   - invalid UTF-8 is an error, not replaced;
//   - an integer literal stays an int64, any other number is a float64;
//   - nan, inf, and ovf, which an Arduino prints for a float that is not a number or too large, and numbers beyond a
//     float64 (1e999), become NaN or infinity and do not affect the other values;
//   - an object or array as a value is validated and returned as Nested.
package flatjson

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Nested is a value that is itself an object or an array.
type Nested []byte

// ErrEncoding is returned for text that is not UTF-8.
var ErrEncoding = errors.New("not valid UTF-8")

// SyntaxError is the position and cause of a syntax error.
type SyntaxError struct {
	// Column counts bytes from 1.
	Column int
	// Problem is what was expected or found at that column.
	Problem string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("column %d: %s", e.Column, e.Problem) }

// Decode returns the members of the object in text, which may have blanks around it.
// A value is an int64, float64, string, bool, nil, or Nested.
// The error is ErrEncoding or a *SyntaxError.
func Decode(text []byte) (map[string]any, error) {
	members, err := AppendMembers(nil, text)
	if err != nil {
		return nil, err
	}
	values := make(map[string]any, len(members))
	for _, m := range members {
		values[m.Key] = m.Value
	}
	return values, nil
}

// AppendMembers is a faster Decode: it appends the members in the order of the text. Their strings share one copy of the text.
func AppendMembers(members Members, text []byte) (Members, error) {
	if !utf8.Valid(text) {
		return nil, ErrEncoding
	}
	d := decoder{text: string(text), members: members}
	if err := d.object(); err != nil {
		return nil, err
	}
	d.skipBlanks()
	if d.at < len(d.text) {
		return nil, d.fail("expected the end of the line")
	}
	return d.members, nil
}

// Member is a key of an object and its value.
type Member struct {
	Key   string
	Value any
}

// Members are the members of an object in order.
type Members []Member

// Remove removes a member and returns its value, or nil if there is no such key. It is fastest for the first member.
func (m *Members) Remove(key string) any {
	at := m.index(key)
	if at < 0 {
		return nil
	}
	value := (*m)[at].Value
	if at == 0 {
		*m = (*m)[1:]
	} else {
		*m = slices.Delete(*m, at, at+1)
	}
	return value
}

func (m Members) index(key string) int {
	for i := range m {
		if m[i].Key == key {
			return i
		}
	}
	return -1
}

type decoder struct {
	text    string
	at      int
	members Members
	keys    map[string]bool // of an object with many members
}

func (d *decoder) object() error {
	d.skipBlanks()
	if err := d.expect('{'); err != nil {
		return err
	}
	d.skipBlanks()
	if d.peek() == '}' {
		d.at++
		return nil
	}
	for {
		if err := d.member(); err != nil {
			return err
		}
		d.skipBlanks()
		if d.peek() == '}' {
			d.at++
			return nil
		}
		if err := d.expect(','); err != nil {
			return err
		}
	}
}

func (d *decoder) member() error {
	d.skipBlanks()
	keyAt := d.at
	key, err := d.string()
	if err != nil {
		return err
	}
	if d.isRepeated(key) {
		return &SyntaxError{keyAt + 1, fmt.Sprintf("duplicate key %q", key)}
	}
	d.skipBlanks()
	if err := d.expect(':'); err != nil {
		return err
	}
	d.skipBlanks()
	value, err := d.value()
	d.members = append(d.members, Member{key, value})
	return err
}

// maxScanned is the number of members up to which comparing all keys is faster than a map.
const maxScanned = 32

func (d *decoder) isRepeated(key string) bool {
	if len(d.members) < maxScanned {
		return d.members.index(key) >= 0
	}
	if d.keys == nil {
		d.keys = make(map[string]bool)
		for _, m := range d.members {
			d.keys[m.Key] = true
		}
	}
	repeated := d.keys[key]
	d.keys[key] = true
	return repeated
}

func (d *decoder) value() (any, error) {
	switch d.peek() {
	case '"':
		return d.string()
	case '{', '[':
		return d.nested()
	}
	return d.word()
}

// string reads a quoted string. encoding/json decodes its escapes.
func (d *decoder) string() (string, error) {
	start := d.at
	if err := d.expect('"'); err != nil {
		return "", err
	}
	escaped := false
	for ; d.at < len(d.text); d.at++ {
		switch char := d.text[d.at]; {
		case char == '\\':
			escaped = true
			d.at++
		case char < ' ':
			return "", d.fail("control character in a string")
		case char == '"':
			d.at++
			return d.unquote(start, escaped)
		}
	}
	return "", &SyntaxError{start + 1, "unterminated string"}
}

func (d *decoder) unquote(start int, escaped bool) (string, error) {
	if !escaped {
		return d.text[start+1 : d.at-1], nil
	}
	var value string
	if err := json.Unmarshal([]byte(d.text[start:d.at]), &value); err != nil {
		return "", &SyntaxError{start + 1, "invalid escape in a string"}
	}
	return value, nil
}

// nested returns an object or array as it is.
func (d *decoder) nested() (any, error) {
	start := d.at
	reader := json.NewDecoder(strings.NewReader(d.text[start:]))
	var raw json.RawMessage
	if err := reader.Decode(&raw); err != nil {
		return nil, &SyntaxError{start + 1, "invalid object or array"}
	}
	d.at += len(raw)
	return Nested(raw), nil
}

// word reads a value without quotes or brackets.
func (d *decoder) word() (any, error) {
	start := d.at
	for d.at < len(d.text) && !endsWord(d.text[d.at]) {
		d.at++
	}
	word := d.text[start:d.at]
	if word == "" {
		return nil, d.fail("expected a value")
	}
	value, ok := ParseWord(word)
	if !ok {
		return nil, &SyntaxError{start + 1, fmt.Sprintf("%q is not a valid value", word)}
	}
	return value, nil
}

func endsWord(char byte) bool {
	switch char {
	case ',', '}', ']', '"', ':', '{', '[':
		return true
	}
	return isBlank(char)
}

func (d *decoder) peek() byte {
	if d.at < len(d.text) {
		return d.text[d.at]
	}
	return 0
}

func (d *decoder) expect(char byte) error {
	if d.peek() != char {
		return d.fail(fmt.Sprintf("expected %q", char))
	}
	d.at++
	return nil
}

func (d *decoder) skipBlanks() {
	for d.at < len(d.text) && isBlank(d.text[d.at]) {
		d.at++
	}
}

func isBlank(char byte) bool { return char == ' ' || char == '\t' || char == '\r' || char == '\n' }

// fail returns an error that also shows what was found instead.
func (d *decoder) fail(problem string) error {
	if d.at >= len(d.text) {
		return &SyntaxError{d.at + 1, problem + ", but the line ends"}
	}
	char, _ := utf8.DecodeRuneInString(d.text[d.at:])
	return &SyntaxError{d.at + 1, fmt.Sprintf("%s, found %q", problem, char)}
}
