package command

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSetUnlessGiven(t *testing.T) {
	t.Parallel()
	flags := flag.NewFlagSet("", flag.ContinueOnError)
	rounds, seconds := flags.Int("rounds", 3, ""), flags.Int("seconds", 10, "")
	require.NoError(t, flags.Parse([]string{"-rounds", "2"}))
	SetUnlessGiven(flags, map[string]string{"rounds": "1", "seconds": "4"})
	require.Equal(t, 2, *rounds)
	require.Equal(t, 4, *seconds)
}

func TestWriteResults(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "out")
	require.NoError(t, WriteResults(dir, "table\n", "<svg/>"))
	for name, want := range map[string]string{"results.md": "table\n", "results.svg": "<svg/>"} {
		got, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		require.Equal(t, want, string(got))
	}
}
