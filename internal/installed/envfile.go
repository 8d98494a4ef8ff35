package installed

import (
	"os"
	"slices"
	"strings"
)

// assignment is NAME=value in an environment file, as systemd reads it (EnvironmentFile=).
type assignment struct {
	name, value string
	from, to    int // its position in the text
}

// parseAssignments returns the assignments in order. Comments and lines without "=" are ignored.
func parseAssignments(text string) []assignment {
	var all []assignment
	for at := 0; at < len(text); {
		line, _, _ := strings.Cut(text[at:], "\n")
		name, _, found := strings.Cut(line, "=")
		name = strings.TrimSpace(name)
		if !found || strings.HasPrefix(name, "#") || strings.HasPrefix(name, ";") {
			at += len(line) + 1
			continue
		}
		start := at + strings.IndexByte(line, '=') + 1
		value, length := readValue(text[start:])
		all = append(all, assignment{name, value, at, start + length})
		at = start + length + 1
	}
	return all
}

// ReadVariables returns the variables of an environment file.
func ReadVariables(path string) (map[string]string, error) {
	text, err := os.ReadFile(path) //nolint:gosec // chosen by the user
	return Variables(string(text)), err
}

// Variables returns the variables that a service gets from an environment file. If a name is assigned twice, the last value counts.
func Variables(text string) map[string]string {
	variables := make(map[string]string)
	for _, a := range parseAssignments(text) {
		variables[a.name] = a.value
	}
	return variables
}

// Set sets a variable in the text of an environment file: in place if it is assigned there, otherwise at the end.
func Set(text, name, value string) string {
	if has, set := Variables(text)[name]; set && has == value {
		return text
	}
	line := name + "=" + Quote(value)
	found := false
	for _, a := range slices.Backward(parseAssignments(text)) { // so that earlier positions stay valid
		if a.name == name {
			text = text[:a.from] + line + text[a.to:]
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

// readValue reads a value to the end of its line, as systemd does (parse_env_file): any part of it can be quoted; spaces around the
// unquoted parts are removed.
func readValue(text string) (value string, length int) {
	var all strings.Builder
	kept := 0 // spaces after it are removed
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

// needEscape are the characters that a backslash escapes between double quotes.
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

// Quote quotes a value for systemd and for shells.
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
