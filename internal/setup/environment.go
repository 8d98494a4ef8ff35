package setup

import (
	"slices"
	"strings"
)

// environment is a file of variables, as systemd's EnvironmentFile= reads it.
type environment struct{ text string }

// assignment is a NAME=value in it.
type assignment struct {
	name, value string
	from, to    int
}

// The variables of the credentials, as in the shipped configuration.
const (
	usernameVariable = "KAFKA_USERNAME"
	passwordVariable = "KAFKA_PASSWORD"
)

func (e *environment) assignments() []assignment {
	var all []assignment
	for at := 0; at < len(e.text); {
		line := e.text[at : at+lineEnd(e.text[at:])]
		name, _, found := strings.Cut(line, "=")
		name = strings.TrimSpace(name)
		if !found || strings.HasPrefix(name, "#") || strings.HasPrefix(name, ";") {
			at += len(line) + 1
			continue
		}
		begin := at + strings.IndexByte(line, '=') + 1
		value, length := environmentValue(e.text[begin:])
		all = append(all, assignment{name, value, at, begin + length})
		at = begin + length + 1
	}
	return all
}

// environmentValue reads a value up to the end of its line as systemd does (parse_env_file): quotes may stand for a part of it, what
// is outside of them loses its blanks at both ends.
func environmentValue(text string) (value string, length int) {
	var all strings.Builder
	kept := 0 // blanks behind it fall away
	for length < len(text) && text[length] != '\n' {
		switch c := text[length]; c {
		case '"', '\'':
			part, n := quotedPart(text[length:])
			all.WriteString(part)
			length += n
			kept = all.Len()
			continue
		case '\\':
			length++
			if length < len(text) && text[length] != '\n' {
				all.WriteByte(text[length])
				kept = all.Len()
			}
		case ' ', '\t', '\r':
			if all.Len() > 0 {
				all.WriteByte(c)
			}
		default:
			all.WriteByte(c)
			kept = all.Len()
		}
		length = min(length+1, len(text))
	}
	return all.String()[:kept], length
}

// needEscape are the characters that a backslash takes the meaning from, between double quotes.
const needEscape = "\"\\`$"

func quotedPart(text string) (value string, length int) {
	var all strings.Builder
	quote := text[0]
	for length = 1; length < len(text); length++ {
		c := text[length]
		switch {
		case c == quote:
			return all.String(), length + 1
		case c == '\\' && quote == '"' && length+1 < len(text):
			length++
			if !strings.ContainsRune(needEscape+"\n", rune(text[length])) {
				all.WriteByte('\\')
			}
			if text[length] != '\n' {
				all.WriteByte(text[length])
			}
		default:
			all.WriteByte(c)
		}
	}
	return all.String(), length
}

// variables are what a service gets from the file: of two lines with one name, the last.
func (e *environment) variables() map[string]string {
	variables := make(map[string]string)
	for _, a := range e.assignments() {
		variables[a.name] = a.value
	}
	return variables
}

// set gives a variable its value: in its lines if there are any, else at the end.
func (e *environment) set(name, value string) {
	if has, set := e.variables()[name]; set && has == value {
		return
	}
	line := name + "=" + quoteVariable(value)
	found := false
	all := e.assignments()
	for _, a := range slices.Backward(all) { // positions before it stay
		if a.name == name {
			e.text = e.text[:a.from] + line + e.text[a.to:]
			found = true
		}
	}
	if found {
		return
	}
	if e.text != "" && !strings.HasSuffix(e.text, "\n") {
		e.text += "\n"
	}
	e.text += line + "\n"
}

// quoteVariable writes a value so that systemd, and a shell too, reads it as it is.
func quoteVariable(value string) string {
	var quoted strings.Builder
	for _, r := range value {
		if strings.ContainsRune(needEscape, r) {
			quoted.WriteByte('\\')
		}
		quoted.WriteRune(r)
	}
	return `"` + quoted.String() + `"`
}
