package setup

import (
	"regexp"
	"strings"
)

// document is a TOML file that is edited in place: comments, order and whatever else the user wrote stay as they are.
type document struct {
	text    string
	options []option
	headers []header
}

// option is a "key = value", or one in a comment.
type option struct {
	table, key string
	line       int // where its line begins
	from, to   int // the value
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

// parseDocument takes a text that is known to be TOML.
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

// lineLength counts the newline, lineEnd does not.
func lineLength(text string) int { return min(lineEnd(text)+1, len(text)) }

func lineEnd(text string) int {
	if end := strings.IndexByte(text, '\n'); end >= 0 {
		return end
	}
	return len(text)
}

// valueLength is that of the value which a text begins with; an array may have several lines.
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

// stringLength is that of the string which a text begins with, with its quotes.
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

// find is the option of that name, else the one in a comment.
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

// raw is the value's text, "" if the option is not set.
func (d *document) raw(table, key string) string {
	o, found := d.find(table, key)
	if !found || o.comment {
		return ""
	}
	return d.text[o.from:o.to]
}

// count is how many tables have that name.
func (d *document) count(table string) int {
	n := 0
	for _, h := range d.headers {
		if h.name == table {
			n++
		}
	}
	return n
}

// set puts a value where the option is; else where it is in a comment; else below the table's last option.
func (d *document) set(table, key, raw string) {
	o, found := d.find(table, key)
	switch {
	case !found:
		at, indent := d.endOf(table)
		d.replace(at, at, indent+key+" = "+raw+"\n")
	case o.comment:
		begin := d.text[o.line:o.from]
		d.replace(o.line, o.to, strings.Replace(strings.Replace(begin, "# ", "", 1), "#", "", 1)+d.padded(o, raw, -2))
	default:
		d.replace(o.from, o.to, d.padded(o, raw, 0))
	}
}

// padded is a value in place of an option's, so that a comment behind it stays in its column if there is room.
func (d *document) padded(o option, raw string, shift int) string {
	rest := d.text[o.to:]
	comment := strings.TrimLeft(rest, " ")
	spaces := len(rest) - len(comment)
	if spaces == 0 || !strings.HasPrefix(comment, "#") || strings.Contains(d.text[o.from:o.to], "\n") {
		return raw
	}
	grown := len(raw) - (o.to - o.from) + shift
	if grown < 0 {
		return raw + strings.Repeat(" ", -grown)
	}
	// One space is left where it takes all of them.
	surplus := min(grown, spaces-1)
	d.text = d.text[:o.to] + d.text[o.to+surplus:]
	return raw
}

// unset puts an option into a comment.
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

// endOf is behind the last option of a table, comments not counted, or behind its header; and the indent there.
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
	if end > 0 && d.text[end-1] != '\n' {
		d.text += "\n"
		end++
	}
	return end, indent
}

func indentOf(line string) string { return line[:len(line)-len(strings.TrimLeft(line, " \t"))] }

func (d *document) replace(from, to int, text string) {
	*d = *parseDocument(d.text[:from] + text + d.text[to:])
}
