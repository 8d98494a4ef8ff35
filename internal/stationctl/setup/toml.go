package setup

import (
	"regexp"
	"strings"
)

// document is a TOML file that is edited in place: comments, order, and everything else are kept.
type document struct {
	text    string
	options []option
	headers []header
}

// option is a line "key = value", possibly in a comment.
type option struct {
	table, key string
	line       int // start of the line
	from, to   int // position of the value
	comment    bool
}

// header is a "[table]" or "[[table]]".
type header struct {
	name string
	end  int // after its line
}

var (
	headerLine  = regexp.MustCompile(`^[ \t]*\[\[?[ \t]*([^\[\]]+?)[ \t]*\]\]?`)
	optionLine  = regexp.MustCompile(`^[ \t]*"?([A-Za-z0-9_-]+)"?[ \t]*=[ \t]*`)
	commentLine = regexp.MustCompile(`^[ \t]*# ?([a-z_]+)[ \t]*=[ \t]*`)
)

// parseDocument parses a text that is known to be valid TOML.
func parseDocument(text string) *document {
	d := &document{text: text}
	table := ""
	for at := 0; at < len(text); {
		rest := text[at:]
		next := at + lineLength(rest)
		if name := headerLine.FindStringSubmatch(rest); name != nil {
			table = name[1]
			d.headers = append(d.headers, header{table, next})
		} else if key := optionLine.FindStringSubmatch(rest); key != nil {
			from := at + len(key[0])
			to := from + valueLength(text[from:])
			d.options = append(d.options, option{table, key[1], at, from, to, false})
			next = to + lineLength(text[to:])
		} else if key := commentLine.FindStringSubmatch(rest); key != nil {
			from := at + len(key[0])
			d.options = append(d.options, option{table, key[1], at, from, from + min(valueLength(text[from:]), lineEnd(text[from:])), true})
		}
		at = next
	}
	return d
}

// lineLength includes the newline, lineEnd does not.
func lineLength(text string) int { return min(lineEnd(text)+1, len(text)) }

func lineEnd(text string) int {
	if end := strings.IndexByte(text, '\n'); end >= 0 {
		return end
	}
	return len(text)
}

// valueLength returns the length of the value at the start of a text; an array can have several lines.
func valueLength(text string) int {
	depth := 0
	for at := 0; at < len(text); {
		switch c := text[at]; {
		case c == '"' || c == '\'':
			at += stringLength(text[at:])
			continue
		case c == '[' || c == '{':
			depth++
		case c == ']' || c == '}':
			depth--
		case c == '#' && depth > 0:
			at += lineLength(text[at:])
			continue
		case depth == 0 && (c == '#' || c == '\n' || c == '\r'):
			return len(strings.TrimRight(text[:at], " \t"))
		}
		at++
	}
	return len(strings.TrimRight(text, " \t"))
}

// stringLength returns the length of the string at the start of a text, including its quotes.
func stringLength(text string) int {
	quote := text[:1]
	if strings.HasPrefix(text, strings.Repeat(quote, 3)) {
		quote = text[:3]
	}
	for at := len(quote); at < len(text); at++ {
		switch {
		case text[at] == '\\' && quote[0] == '"':
			at++
		case strings.HasPrefix(text[at:], quote):
			return at + len(quote)
		}
	}
	return len(text)
}

// find returns an option or, if it is not set, the first one in a comment.
func (d *document) find(table, key string) (found option, ok bool) {
	for _, o := range d.options {
		if o.table != table || o.key != key {
			continue
		}
		if !o.comment {
			return o, true
		}
		if !ok {
			found, ok = o, true
		}
	}
	return found, ok
}

// raw returns the text of a value, or "" if the option is not set.
func (d *document) raw(table, key string) string {
	o, found := d.find(table, key)
	if !found || o.comment {
		return ""
	}
	return d.text[o.from:o.to]
}

// count returns the number of tables with a name.
func (d *document) count(table string) int {
	n := 0
	for _, h := range d.headers {
		if h.name == table {
			n++
		}
	}
	return n
}

// set sets an option: in its place, in the place of a comment, or after the last option of the table.
func (d *document) set(table, key, raw string) {
	o, found := d.find(table, key)
	switch {
	case !found:
		at, indent := d.endOf(table)
		line := indent + key + " = " + raw + "\n"
		if at > 0 && d.text[at-1] != '\n' {
			line = "\n" + line
		}
		d.replace(at, at, line)
	case o.comment:
		start := d.text[o.line:o.from]
		d.replaceAligned(o.line, o.to, strings.Replace(strings.Replace(start, "# ", "", 1), "#", "", 1)+raw)
	default:
		d.replaceAligned(o.from, o.to, raw)
	}
}

// replaceAligned replaces a part of a line. A comment at the end of the line keeps its column if possible.
func (d *document) replaceAligned(from, to int, text string) {
	rest := d.text[to:]
	spaces := len(rest) - len(strings.TrimLeft(rest, " "))
	if spaces > 0 && strings.HasPrefix(rest[spaces:], "#") && !strings.Contains(d.text[from:to], "\n") {
		grown := len(text) - (to - from)
		text += strings.Repeat(" ", max(1, spaces-grown))
		to += spaces
	}
	d.replace(from, to, text)
}

// unset makes an option a comment.
func (d *document) unset(table, key string) {
	o, found := d.find(table, key)
	if !found || o.comment {
		return
	}
	lines := strings.SplitAfter(d.text[o.line:o.to], "\n")
	for i, line := range lines {
		indent := indentOf(line)
		lines[i] = indent + "# " + line[len(indent):]
	}
	d.replace(o.line, o.to, strings.Join(lines, ""))
}

// endOf returns the position after the last option of a table, or after its header, and the indent there.
func (d *document) endOf(table string) (end int, indent string) {
	indent = "  "
	for _, h := range d.headers {
		if h.name == table {
			end = h.end
		}
	}
	for _, o := range d.options {
		if o.table == table && !o.comment {
			end = o.to + lineLength(d.text[o.to:])
			indent = indentOf(d.text[o.line:])
		}
	}
	return end, indent
}

func indentOf(line string) string { return line[:len(line)-len(strings.TrimLeft(line, " \t"))] }

func (d *document) replace(from, to int, text string) {
	*d = *parseDocument(d.text[:from] + text + d.text[to:])
}
