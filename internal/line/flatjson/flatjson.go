// Package flatjson reads one JSON object of plain values, as an Arduino prints it and as a record has it.
//
// It differs from encoding/json where that would hide damage or lose good values:
//   - a repeated key is an error, since nobody can know which value counts;
//   - invalid UTF-8 is an error, not replaced;
//   - an integer literal stays an int64, any other number is a float64;
//   - nan, inf and ovf, which an Arduino's print writes for a float that is no number or too large,
//     and numbers beyond a float64 (1e999), are a NaN or an infinity and leave the other values readable;
//   - an object or array as a value is handed over as Nested, unread but checked.
package flatjson

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Nested is a value that is itself an object or an array.
type Nested []byte

// ErrEncoding is returned for text that is not UTF-8.
var ErrEncoding = errors.New("not valid UTF-8")

// SyntaxError tells where text stops being a JSON object.
type SyntaxError struct {
	// Column counts bytes from 1.
	Column int
	// Problem is what was expected or found there.
	Problem string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("column %d: %s", e.Column, e.Problem) }

// Decode returns the members of the object that text is, blanks around it allowed.
// A value is an int64, float64, string, bool, nil or Nested.
// Errors are ErrEncoding and *SyntaxError.
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

// AppendMembers is Decode in less time: it adds the members to those given, in the order of the text. Their strings are parts of one
// copy of the text.
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
		return nil, d.fail("something follows the object")
	}
	return d.members, nil
}

type decoder struct {
	text    string
	at      int
	members Members
	keys    map[string]bool // those of many members
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
		return &SyntaxError{keyAt + 1, fmt.Sprintf("key %q is there twice", key)}
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

// few members are compared faster than looked up.
const few = 32

func (d *decoder) isRepeated(key string) bool {
	if len(d.members) < few {
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

// string reads a quoted string; encoding/json takes care of escapes.
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
			return "", d.fail("a control character in a string")
		case char == '"':
			d.at++
			return d.unquote(start, escaped)
		}
	}
	return "", &SyntaxError{start + 1, "a string without end"}
}

func (d *decoder) unquote(start int, escaped bool) (string, error) {
	if !escaped {
		return d.text[start+1 : d.at-1], nil
	}
	var value string
	if err := json.Unmarshal([]byte(d.text[start:d.at]), &value); err != nil {
		return "", &SyntaxError{start + 1, "a wrong escape in a string"}
	}
	return value, nil
}

// nested reads over an object or array.
func (d *decoder) nested() (any, error) {
	start := d.at
	reader := json.NewDecoder(strings.NewReader(d.text[start:]))
	var raw json.RawMessage
	if err := reader.Decode(&raw); err != nil {
		return nil, &SyntaxError{start + 1, "a broken object or array"}
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
		return nil, d.fail("a value is missing")
	}
	value, ok := Word(word)
	if !ok {
		return nil, &SyntaxError{start + 1, fmt.Sprintf("%q is not a value", word)}
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

// fail tells what stands where something else was expected.
func (d *decoder) fail(problem string) error {
	if d.at >= len(d.text) {
		return &SyntaxError{d.at + 1, problem + ", but the line ends"}
	}
	char, _ := utf8.DecodeRuneInString(d.text[d.at:])
	return &SyntaxError{d.at + 1, fmt.Sprintf("%s, found %q", problem, char)}
}
