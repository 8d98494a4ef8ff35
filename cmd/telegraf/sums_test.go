package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestUnionOfSumsHasEveryHashOfBoth(t *testing.T) {
	t.Parallel()
	ours := sumFile(t, "a v1 h1:aaa=\na v1/go.mod h1:bbb=\n")
	theirs := sumFile(t, "a v1 h1:aaa=\na v2 h1:ccc=\n")
	all, err := readSums(ours, theirs)
	require.NoError(t, err)
	require.Equal(t, sums{"a v1": "h1:aaa=", "a v1/go.mod": "h1:bbb=", "a v2": "h1:ccc="}, all)

	file := filepath.Join(t.TempDir(), "go.sum")
	require.NoError(t, all.write(file))
	again, err := readSums(file)
	require.NoError(t, err)
	require.Equal(t, all, again)
}

func TestInvalidSums(t *testing.T) {
	t.Parallel()
	good := sumFile(t, "a v1 h1:aaa=\n")
	for name, test := range map[string]struct{ text, message string }{
		"two hashes for one module": {"a v1 h1:zzz=\n", `"a v1" has hash h1:zzz= here and h1:aaa= before: one of them was modified`},
		"a line cut short":          {"b v1 h1:bbb=\nc v1", `line "c v1" does not have the form MODULE VERSION HASH`},
		"a merge conflict":          {"<<<<<<< HEAD\n", `"<<<<<<< HEAD\n"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := readSums(good, sumFile(t, test.text))
			require.ErrorContains(t, err, test.message)
		})
	}
	_, err := readSums(filepath.Join(t.TempDir(), "go.sum"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestUnpinnedModulesAreRejected(t *testing.T) {
	t.Parallel()
	pinned := sums{"a v1": "h1:aaa="}
	require.NoError(t, checkPinned(sums{"a v1": "h1:aaa=", "b v1/go.mod": "h1:bbb="}, pinned))
	err := checkPinned(sums{"a v1": "h1:aaa=", "b v1": "h1:bbb="}, pinned)
	require.ErrorContains(t, err, `module "b v1" is not pinned in our go.sum or in that of Telegraf`)
}

func sumFile(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "go.sum")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}
