package main

import (
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

//go:embed words.txt
var wordsText string

// word is a line of the list: what to look for, what to use instead, and the phrases in which it is right.
type word struct {
	pattern *regexp.Regexp
	use     string
	except  *regexp.Regexp // nil: none
}

// finding is a word that is to be replaced.
type finding struct {
	line      int
	text, use string
}

// readWords reads lines of the form "PATTERN = USE" or "PATTERN = USE ! EXCEPTION". Patterns are regular expressions without regard
// to case; a blank in one also matches a line break.
func readWords(text string) ([]word, error) {
	var list []word
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		pattern, rest, hasUse := strings.Cut(line, " = ")
		use, except, hasExcept := strings.Cut(rest, " ! ")
		if !hasUse || strings.TrimSpace(use) == "" {
			return nil, fmt.Errorf("words.txt:%d: expected PATTERN = USE, got %q", number, line)
		}
		w := word{use: strings.TrimSpace(use)}
		var err error
		if w.pattern, err = compile(pattern); err != nil {
			return nil, fmt.Errorf("words.txt:%d: %w", number, err)
		}
		if hasExcept {
			if w.except, err = compile(except); err != nil {
				return nil, fmt.Errorf("words.txt:%d: %w", number, err)
			}
		}
		list = append(list, w)
	}
	return list, nil
}

func compile(pattern string) (*regexp.Regexp, error) {
	pattern = strings.ReplaceAll(strings.TrimSpace(pattern), " ", `(?:[ \t]+|[ \t]*\n[ \t]*)`)
	return regexp.Compile(`(?i)(?:` + pattern + `)`)
}

// search returns the words of the list in a passage.
func search(p passage, list []word) []finding {
	var findings []finding
	for _, w := range list {
		matches := w.pattern.FindAllStringIndex(p.text, -1)
		if len(matches) == 0 {
			continue
		}
		var allowed [][]int
		if w.except != nil {
			allowed = w.except.FindAllStringIndex(p.text, -1)
		}
		for _, match := range matches {
			if slices.ContainsFunc(allowed, func(a []int) bool { return match[0] < a[1] && a[0] < match[1] }) {
				continue
			}
			findings = append(findings, finding{
				line: p.line + strings.Count(p.text[:match[0]], "\n"),
				text: strings.Join(strings.Fields(p.text[match[0]:match[1]]), " "),
				use:  w.use,
			})
		}
	}
	return findings
}
