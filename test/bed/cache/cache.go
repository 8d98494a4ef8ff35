// Package cache stores the downloads and builds of the test bed outside the source tree.
package cache

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// Dir returns a directory in the cache and creates it (mode 0700) if it does not exist. The cache is $TELEGRAF_STATION_CACHE, or
// telegraf-station in the user cache directory ($XDG_CACHE_HOME or ~/.cache). The parts are a path in the cache.
func Dir(parts ...string) (string, error) {
	root, err := root()
	if err != nil {
		return "", err
	}
	inside := filepath.Join(parts...)
	if inside != "" && !filepath.IsLocal(inside) {
		return "", fmt.Errorf("%q is not inside the cache; remove \"..\" and a leading \"/\"", inside)
	}
	dir := filepath.Join(root, inside)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("no cache directory: %w; set TELEGRAF_STATION_CACHE", err)
	}
	return dir, nil
}

func root() (string, error) {
	if root := os.Getenv("TELEGRAF_STATION_CACHE"); root != "" {
		if !filepath.IsAbs(root) {
			return "", fmt.Errorf("TELEGRAF_STATION_CACHE must be an absolute path, so that all test packages share it (got %q)", root)
		}
		return root, nil
	}
	user, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no cache directory: %w; set TELEGRAF_STATION_CACHE", err)
	}
	return filepath.Join(user, "telegraf-station"), nil
}

// lockPause is the time between two attempts to lock.
const lockPause = 100 * time.Millisecond

// Once builds a file or directory in the cache if it does not exist. If several processes need it, one builds it, and the rest wait until it
// exists or their context ends. As its last step, build must rename the result to path.
func Once(ctx context.Context, path string, build func() error) error {
	if exists(path) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	unlock, err := Lock(ctx, path+".lock")
	if err != nil {
		return err
	}
	if !exists(path) {
		err = build()
	}
	if err == nil && !exists(path) {
		err = fmt.Errorf("%s was not built, although the build succeeded", path)
	}
	return errors.Join(err, unlock())
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// Lock polls for the lock of a file, because a blocked flock cannot be canceled by a context. The kernel releases it when its holder dies.
func Lock(ctx context.Context, path string) (unlock func() error, err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // a path inside the cache
	if err != nil {
		return nil, err
	}
	for {
		err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return file.Close, nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR) {
			return nil, errors.Join(fmt.Errorf("cannot lock %s: %w", path, err), file.Close())
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(fmt.Errorf("%s is locked: another process builds it: %w", path, ctx.Err()), file.Close())
		case <-time.After(lockPause):
		}
	}
}
