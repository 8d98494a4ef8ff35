package main

import (
	"log"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Uses the pinned module from the module cache.
func TestCopyOfTelegraf(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("slow: copies the source of Telegraf")
	}
	source, logger := t.TempDir(), log.New(t.Output(), "", 0)
	root, err := findCheckout(t.Context(), logger)
	require.NoError(t, err)
	version, err := copySource(t.Context(), root, source, logger)
	require.NoError(t, err)
	pinned, err := readSums(filepath.Join(root, "go.sum"))
	require.NoError(t, err)

	plugins, err := parsePlugins(pluginsTxt)
	require.NoError(t, err)
	require.NoError(t, checkPlugins(plugins, source), "all listed plugins exist")

	require.ErrorContains(t, verifySource(source, "v0.0.1", pinned), "go.sum has no hash for "+telegrafModule+"@v0.0.1")

	flipByte(t, filepath.Join(source, "agent", "agent.go"))
	err = verifySource(source, version, pinned)
	require.ErrorContains(t, err, "the source of "+telegrafModule+"@"+version+" has hash h1:")
	require.ErrorContains(t, err, "but go.sum has "+pinned[telegrafModule+" "+version])
	require.ErrorContains(t, err, "go clean -modcache")

	flipByte(t, filepath.Join(source, "agent", "agent.go"))
	require.NoError(t, verifySource(source, version, pinned), "the byte is restored")
	added := filepath.Join(source, "agent", "added.go")
	require.NoError(t, os.WriteFile(added, []byte("package agent\n"), 0o600))
	require.Error(t, verifySource(source, version, pinned), "an added file")
}

func TestOtherModulesAreRejected(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	logger := log.New(t.Output(), "", 0)
	_, err := findCheckout(t.Context(), logger)
	require.ErrorContains(t, err, "run this in a checkout of "+ourModule)

	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module example.org/other\n"), 0o600))
	_, err = findCheckout(t.Context(), logger)
	require.ErrorContains(t, err, `module "example.org/other" is another project`)
}

func TestWorkDirIsInTheChosenCache(t *testing.T) {
	cache := filepath.Join(t.TempDir(), "new", "cache")
	t.Setenv("TELEGRAF_STATION_CACHE", cache)
	dir, err := newWorkDir()
	require.NoError(t, err)
	require.Equal(t, cache, filepath.Dir(dir))

	t.Setenv("TELEGRAF_STATION_CACHE", "")
	t.Setenv("XDG_CACHE_HOME", cache)
	dir, err = newWorkDir()
	require.NoError(t, err)
	require.Equal(t, filepath.Join(cache, "telegraf-station"), filepath.Dir(dir))

	file := filepath.Join(cache, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	t.Setenv("TELEGRAF_STATION_CACHE", file)
	_, err = newWorkDir()
	require.ErrorContains(t, err, "set TELEGRAF_STATION_CACHE to a writable directory")
}

func flipByte(t *testing.T, file string) {
	t.Helper()
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	data[len(data)/2] ^= 1
	require.NoError(t, os.WriteFile(file, data, 0o600))
}
