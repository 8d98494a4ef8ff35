package main

import (
	"bytes"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCleanTextPasses(t *testing.T) {
	require.Empty(t, report(t, "testdata/clean.md"))
}

func TestPlantedWordsAreReported(t *testing.T) {
	for _, name := range []string{"planted.md", "planted.go", "planted.sh"} {
		want, err := os.ReadFile("testdata/" + name + ".expected")
		require.NoError(t, err)
		require.Equal(t, string(want), report(t, "testdata/"+name))
	}
}

func TestTestDataIsSkippedInADirectory(t *testing.T) {
	require.Empty(t, report(t, "."))
}

func TestMissingFileIsAnError(t *testing.T) {
	_, err := run([]string{"testdata/missing.md"}, new(bytes.Buffer))
	require.ErrorContains(t, err, "missing.md")
}

func TestListRejectsALineWithoutReplacement(t *testing.T) {
	_, err := readWords("# comment\n\\bword\\b\n")
	require.ErrorContains(t, err, "words.txt:2: expected PATTERN = USE")
}

func report(t *testing.T, path string) string {
	t.Helper()
	var out bytes.Buffer
	_, err := run([]string{path}, &out)
	require.NoError(t, err)
	return out.String()
}
