package scripts_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	markdownLink   = regexp.MustCompile(`\]\(([^)\s]+)\)|(?m:^\[[^\]]+\]: (\S+)$)`)
	markdownHeader = regexp.MustCompile(`(?m)^#+ (.*)$`)
	codeBlock      = regexp.MustCompile("(?ms)^ *```.*?^ *```")
	codeSpan       = regexp.MustCompile("`[^`\n]*`")
)

// TestMarkdownLinks checks that the relative links of all pages lead to a file, and to a heading if they have a fragment.
func TestMarkdownLinks(t *testing.T) {
	for _, page := range filesWith(t, ".md") {
		text := codeSpan.ReplaceAllString(codeBlock.ReplaceAllString(readFile(t, page), ""), "")
		for _, match := range markdownLink.FindAllStringSubmatch(text, -1) {
			link := match[1] + match[2]
			if strings.Contains(link, "://") || strings.HasPrefix(link, "mailto:") {
				continue
			}
			path, fragment, _ := strings.Cut(link, "#")
			target := page
			if path != "" {
				target = filepath.Join(filepath.Dir(page), path)
			}
			if _, err := os.Stat(filepath.Join("..", target)); err != nil {
				t.Errorf("%s: link %q: %v", page, link, err)
				continue
			}
			if fragment != "" {
				assert.Contains(t, anchors(readFile(t, target)), fragment, "%s: link %q", page, link)
			}
		}
	}
}

// anchors returns the fragments that GitHub creates for the headings of a page.
func anchors(page string) []string {
	var all []string
	for _, heading := range markdownHeader.FindAllStringSubmatch(codeBlock.ReplaceAllString(page, ""), -1) {
		anchor := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
				return unicode.ToLower(r)
			}
			return -1
		}, heading[1])
		all = append(all, anchor)
	}
	return all
}

func readFile(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", file))
	require.NoError(t, err)
	return string(text)
}

// filesWith returns the paths of all files with the extension, relative to the root of the module.
func filesWith(t *testing.T, extension string) []string {
	t.Helper()
	var files []string
	require.NoError(t, filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == ".git" || entry.Name() == "build" || entry.Name() == "testdata"):
			return filepath.SkipDir
		case filepath.Ext(path) == extension:
			file, err := filepath.Rel("..", path)
			files = append(files, file)
			return err
		}
		return nil
	}))
	require.NotEmpty(t, files)
	return files
}

// TestNamedTestsExist checks the names of tests in all pages.
func TestNamedTestsExist(t *testing.T) {
	var code strings.Builder
	for _, file := range filesWith(t, ".go") {
		if strings.HasSuffix(file, "_test.go") {
			code.WriteString(readFile(t, file))
		}
	}
	names := regexp.MustCompile("`(Test[A-Z][A-Za-z0-9]*)`")
	for _, page := range filesWith(t, ".md") {
		for _, name := range names.FindAllStringSubmatch(readFile(t, page), -1) {
			if !strings.Contains(code.String(), "func "+name[1]+"(") {
				t.Errorf("%s: %s does not exist", page, name[1])
			}
		}
	}
}
