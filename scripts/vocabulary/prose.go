package main

import (
	"go/scanner"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// passage is text that belongs together, such as the lines of one comment, and the line where it starts.
type passage struct {
	text string
	line int
}

// proseOf returns the function that extracts the prose of a file of that name, or nil if the name is not one of a text.
func proseOf(file string) func(string) []passage {
	name := filepath.Base(file)
	switch extension := filepath.Ext(name); {
	case extension == ".md":
		return markdownProse
	case extension == ".go":
		return goProse
	case slices.Contains(wholeExtensions, extension), slices.Contains(wholeNames, name):
		return wholeText
	default:
		return nil
	}
}

// Scripts and configuration have so little code that looks like prose that all of their text is checked.
var (
	wholeExtensions = []string{
		".sh", ".conf", ".toml", ".yaml", ".yml", ".service", ".rules", ".example", ".8", ".ino", ".h", ".c", ".js", ".py", ".mod",
	}
	wholeNames = []string{"Makefile", "postinst", "prerm", "postrm", "default", "wait-for-clock", "run", "lintian-overrides"}
)

func wholeText(text string) []passage {
	return []passage{{text: text, line: 1}}
}

// codeSpan is `code` in Markdown, and linkTarget the address of a link.
var (
	codeSpan   = regexp.MustCompile("(?s)``.+?``|`[^`\n]+(\n[^`\n]+)?`")
	linkTarget = regexp.MustCompile(`\]\([^)\n]*\)`)
)

// markdownProse is the whole text, with code and addresses replaced by blanks.
func markdownProse(text string) []passage {
	var prose strings.Builder
	fence := ""
	for line := range strings.Lines(text) {
		mark := fenceMark(line)
		switch {
		case fence == "" && mark == "":
			prose.WriteString(line)
			continue
		case fence == "":
			fence = mark
		case strings.HasPrefix(mark, fence):
			fence = ""
		}
		prose.WriteString("\n")
	}
	plain := codeSpan.ReplaceAllStringFunc(prose.String(), blank)
	return wholeText(linkTarget.ReplaceAllStringFunc(plain, blank))
}

// fenceMark returns the backquotes or tildes with which the line starts or ends a block of code, or "".
func fenceMark(line string) string {
	line = strings.TrimLeft(line, " \t>")
	for _, mark := range []string{"`", "~"} {
		if strings.HasPrefix(line, strings.Repeat(mark, 3)) {
			return line[:len(line)-len(strings.TrimLeft(line, mark))]
		}
	}
	return ""
}

// blank returns a text of as many lines without a word. A letter-like mark remains, so that the words around it stay apart.
func blank(code string) string {
	return "§" + strings.Repeat("\n", strings.Count(code, "\n"))
}

// goProse returns the comments of Go code, and its string literals of more than one word.
func goProse(text string) []passage {
	files := token.NewFileSet()
	file := files.AddFile("", files.Base(), len(text))
	var s scanner.Scanner
	s.Init(file, []byte(text), nil, scanner.ScanComments)
	var prose []passage
	commentEnd := 0 // the line where the newest line comment is, 0 if code followed
	for {
		position, kind, literal := s.Scan()
		line := file.Line(position)
		switch kind {
		case token.EOF:
			return prose
		case token.COMMENT:
			comment, isLine := strings.CutPrefix(literal, "//")
			if isLine && commentEnd != 0 && line == commentEnd+1 {
				prose[len(prose)-1].text += "\n" + comment
			} else {
				prose = append(prose, passage{text: comment, line: line})
			}
			commentEnd = line
			continue
		case token.STRING:
			if message, err := strconv.Unquote(literal); err == nil && strings.ContainsAny(message, " \n") {
				if literal[0] == '"' { // its lines are not lines of the file
					message = strings.ReplaceAll(message, "\n", " ")
				}
				prose = append(prose, passage{text: message, line: line})
			}
		}
		if kind != token.SEMICOLON || literal != "\n" {
			commentEnd = 0
		}
	}
}
