package cache

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestDirIsPrivate(t *testing.T) {
	root := filepath.Join(t.TempDir(), "new")
	t.Setenv("TELEGRAF_STATION_CACHE", root)

	dir, err := Dir("kafka", "4.3.1")

	require.NoError(t, err)
	require.Equal(t, filepath.Join(root, "kafka", "4.3.1"), dir)
	for _, made := range []string{root, dir} {
		info, err := os.Stat(made)
		require.NoError(t, err)
		require.Equal(t, os.ModeDir|0o700, info.Mode())
	}
	itself, err := Dir()
	require.NoError(t, err)
	require.Equal(t, root, itself)
}

func TestDirDefaults(t *testing.T) {
	t.Setenv("TELEGRAF_STATION_CACHE", "")
	root := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", root)
	dir, err := Dir("kafka")
	require.NoError(t, err)
	require.Equal(t, filepath.Join(root, "telegraf-station", "kafka"), dir)

	t.Setenv("XDG_CACHE_HOME", "")
	t.Setenv("HOME", root)
	dir, err = Dir()
	require.NoError(t, err)
	require.Equal(t, filepath.Join(root, ".cache", "telegraf-station"), dir)

	t.Setenv("HOME", "")
	_, err = Dir()
	require.ErrorContains(t, err, "set TELEGRAF_STATION_CACHE")
}

func TestDirErrors(t *testing.T) {
	t.Setenv("TELEGRAF_STATION_CACHE", t.TempDir())
	_, err := Dir("..", "etc")
	require.ErrorContains(t, err, `"../etc" is not inside the cache`)

	t.Setenv("TELEGRAF_STATION_CACHE", "relative")
	_, err = Dir()
	require.ErrorContains(t, err, `(got "relative")`)
}

func TestOnceBuildsOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "folder", "made")
	var made atomic.Int32
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			err := Once(t.Context(), path, func() error {
				made.Add(1)
				return os.WriteFile(path, nil, 0o600)
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	require.EqualValues(t, 1, made.Load())
}

func TestOnceRetriesAfterAFailure(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "made")
	failure := errors.New("no network")
	require.ErrorIs(t, Once(t.Context(), path, func() error { return failure }), failure)
	require.ErrorContains(t, Once(t.Context(), path, func() error { return nil }), "was not built")
	require.NoError(t, Once(t.Context(), path, func() error { return os.WriteFile(path, nil, 0o600) }))
}

func TestOnceStopsWithItsContext(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "made")
	unlock, err := Lock(t.Context(), path+".lock")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err = Once(ctx, path, func() error { panic("it is locked") })
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorContains(t, err, "another process builds it")
	require.NoError(t, unlock())
}
