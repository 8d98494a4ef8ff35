package host

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func requireFile(t *testing.T, path, text string, mode fs.FileMode) {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, text, string(content))
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, mode, info.Mode().Perm())
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, entries, 1, "no other file is left in the directory")
}

func TestCreateKeepsAnExistingFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "key")
	require.NoError(t, Create(path, "first", 0o600))
	require.ErrorIs(t, Create(path, "second", 0o600), fs.ErrExist)
	requireFile(t, path, "first", 0o600)
}

// The file on the Pi has mode 0640, so that the service user can read it.
func TestUpdateKeepsAPrivateMode(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "env")
	require.NoError(t, Update(path, "new"))
	requireFile(t, path, "new", 0o600)
	for before, after := range map[fs.FileMode]fs.FileMode{0o640: 0o640, 0o660: 0o660, 0o644: 0o600, 0o400: 0o400, 0o604: 0o600} {
		require.NoError(t, os.Chmod(path, before))
		require.NoError(t, Update(path, before.String()))
		requireFile(t, path, before.String(), after)
	}
}

func TestUpdateKeepsTheOwner(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("only root can change the owner of a file")
	}
	path := filepath.Join(t.TempDir(), "env")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	require.NoError(t, os.Chmod(path, 0o640))
	require.NoError(t, os.Chown(path, 1234, 4321))
	require.NoError(t, Update(path, "text"))
	requireFile(t, path, "text", 0o640)
	kept, err := attributesToKeep(path)
	require.NoError(t, err)
	require.Equal(t, attributes{0o640, 1234, 4321}, kept)
}
