// Command vocabulary reports words and phrases that this project's style avoids, with what to use instead, and exits with 1 if it
// finds any. It reads prose only: the text of Markdown without its code, comments and messages of Go code, and whole scripts and
// configuration files. The list is words.txt.
//
//	go run ./scripts/vocabulary [PATH...]
//
// main.go walks the files and prints, prose.go extracts the prose of a file, words.go reads the list and searches for its words.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	found, err := run(os.Args[1:], os.Stdout)
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, "vocabulary:", err)
		os.Exit(2)
	case found > 0:
		fmt.Fprintf(os.Stderr, "vocabulary: %d words to replace\n", found)
		os.Exit(1)
	}
}

// run prints what it finds in the files below the paths, and returns how many that are.
func run(paths []string, out io.Writer) (int, error) {
	list, err := readWords(wordsText)
	if err != nil {
		return 0, err
	}
	if len(paths) == 0 {
		paths = []string{"."}
	}
	found := 0
	printer := bufio.NewWriter(out)
	for _, path := range paths {
		files, err := textFiles(path)
		if err != nil {
			return found, err
		}
		for _, file := range files {
			findings, err := check(file, list)
			if err != nil {
				return found, err
			}
			for _, f := range findings {
				_, _ = fmt.Fprintf(printer, "%s:%d: %q: use %s\n", file, f.line, f.text, f.use)
			}
			found += len(findings)
		}
	}
	return found, printer.Flush()
}

// skippedDirs hold data, or nothing of ours.
var skippedDirs = []string{".git", "build", "node_modules", "testdata", "testcases"}

// textFiles returns the files below path that check can read, or path itself if it is a file.
func textFiles(path string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(path, func(file string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && file != path && slices.Contains(skippedDirs, entry.Name()):
			return filepath.SkipDir
		case entry.Type().IsRegular() && proseOf(file) != nil:
			files = append(files, file)
		}
		return nil
	})
	return files, err
}

func check(file string, list []word) ([]finding, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	text := string(content)
	if isGenerated(text) {
		return nil, nil
	}
	extract := proseOf(file)
	if extract == nil {
		return nil, errors.New("cannot read prose of " + file)
	}
	var findings []finding
	for _, p := range extract(text) {
		findings = append(findings, search(p, list)...)
	}
	slices.SortStableFunc(findings, func(a, b finding) int { return a.line - b.line })
	return findings, nil
}

func isGenerated(text string) bool {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "package ") {
			break
		}
		if strings.HasPrefix(line, "// Code generated ") && strings.HasSuffix(strings.TrimSpace(line), " DO NOT EDIT.") {
			return true
		}
	}
	return false
}
