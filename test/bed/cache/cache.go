// Package cache keeps what the test bed downloads and builds outside the source tree, each thing once.
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

// Dir returns a folder of the cache, and makes it (mode 0700) if it is missing. The cache is $TELEGRAF_STATION_CACHE if that is
// set, else telegraf-station in the user's cache folder ($XDG_CACHE_HOME or ~/.cache). The parts name a folder inside it.
func Dir(parts ...string) (string, error) {
	root, err := root()
	if err != nil {
		return "", err
	}
	inside := filepath.Join(parts...)
	if inside != "" && !filepath.IsLocal(inside) {
		return "", fmt.Errorf("%q is not inside the cache: leave out \"..\" and a leading \"/\"", inside)
	}
	dir := filepath.Join(root, inside)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("no cache folder (set TELEGRAF_STATION_CACHE to another): %w", err)
	}
	return dir, nil
}

func root() (string, error) {
	if root := os.Getenv("TELEGRAF_STATION_CACHE"); root != "" {
		if !filepath.IsAbs(root) {
			return "", fmt.Errorf("TELEGRAF_STATION_CACHE is %q: give an absolute path, or test packages would each have their own", root)
		}
		return root, nil
	}
	user, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no cache folder (set TELEGRAF_STATION_CACHE): %w", err)
	}
	return filepath.Join(user, "telegraf-station"), nil
}

// lockPause is how long a waiting process sleeps between two tries.
const lockPause = 100 * time.Millisecond

// Once makes a file or folder of the cache if it is missing. Test processes run side by side and ask for the same thing:
// one of them makes it, and the others wait until it is there or their context ends. The build must put it in place as
// its last step, by a rename.
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
		err = fmt.Errorf("%s was not made, though nothing failed", path)
	}
	return errors.Join(err, unlock())
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// Lock waits for a file's lock, in steps, because a blocked flock knows no context. The kernel frees it when its holder dies.
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
			return nil, errors.Join(fmt.Errorf("%s not locked: %w", path, err), file.Close())
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(fmt.Errorf("%s is locked: another process builds it: %w", path, ctx.Err()), file.Close())
		case <-time.After(lockPause):
		}
	}
}
