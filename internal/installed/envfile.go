// Package installed reads and writes files of variables as systemd's EnvironmentFile= reads them.
package installed

import (
	"slices"
	"strings"
)

// Assignment is a NAME=value of a file.
type Assignment struct {
	Name, Value string
	// From and To are where it stands in the text.
	From, To int
}

// Assignments are those of a text in their order. Lines that are none, and remarks, are passed over.
func Assignments(text string) []Assignment {
	var all []Assignment
	for at := 0; at < len(text); {
		line, _, _ := strings.Cut(text[at:], "\n")
		name, _, found := strings.Cut(line, "=")
		name = strings.TrimSpace(name)
		if !found || strings.HasPrefix(name, "#") || strings.HasPrefix(name, ";") {
			at += len(line) + 1
			continue
		}
		begin := at + strings.IndexByte(line, '=') + 1
		value, length := readValue(text[begin:])
		all = append(all, Assignment{name, value, at, begin + length})
		at = begin + length + 1
	}
	return all
}

// Variables are what a service gets of a text: of two assignments to one name, the last.
func Variables(text string) map[string]string {
	variables := make(map[string]string)
	for _, a := range Assignments(text) {
		variables[a.Name] = a.Value
	}
	return variables
}

// Set gives a variable its value: in its lines if there are any, else at the end.
func Set(text, name, value string) string {
	if has, set := Variables(text)[name]; set && has == value {
		return text
	}
	line := name + "=" + Quote(value)
	found := false
	for _, a := range slices.Backward(Assignments(text)) { // positions before it stay
		if a.Name == name {
			text = text[:a.From] + line + text[a.To:]
			found = true
		}
	}
	if found {
		return text
	}
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return text + line + "\n"
}

// readValue reads a value up to the end of its line as systemd does (parse_env_file): quotes may stand for a part of it, what
// is outside of them loses its blanks at both ends.
func readValue(text string) (value string, length int) {
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

// Quote writes a value so that systemd, and a shell too, reads it as it is.
func Quote(value string) string {
	var quoted strings.Builder
	for _, r := range value {
		if strings.ContainsRune(needEscape, r) {
			quoted.WriteByte('\\')
		}
		quoted.WriteRune(r)
	}
	return `"` + quoted.String() + `"`
}
