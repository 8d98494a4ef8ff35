package main

import (
	"context"
	_ "embed"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"
)

// findCheckout returns the directory of our go.mod.
func findCheckout(ctx context.Context, logger *log.Logger) (string, error) {
	var module struct{ Path, Dir string }
	if err := (golang{logger: logger}).json(ctx, &module, "list", "-m", "-json"); err != nil {
		return "", fmt.Errorf("cannot find go.mod: %w; run this in a checkout of %s", err, ourModule)
	}
	if module.Path != ourModule {
		return "", fmt.Errorf("module %q is another project; run this in a checkout of %s", module.Path, ourModule)
	}
	return module.Dir, nil
}

// newWorkDir creates an empty directory in the cache, which is outside the checkout.
func newWorkDir() (string, error) {
	cache := os.Getenv("TELEGRAF_STATION_CACHE")
	if cache == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("cannot find the user cache directory: %w; set TELEGRAF_STATION_CACHE", err)
		}
		cache = filepath.Join(user, "telegraf-station")
	}
	cache, err := filepath.Abs(cache)
	if err != nil {
		return "", fmt.Errorf("TELEGRAF_STATION_CACHE %q: %w", cache, err)
	}
	if err := os.MkdirAll(cache, 0o750); err != nil { //nolint:gosec // chosen by the user
		return "", fmt.Errorf("cannot create the cache: %w; set TELEGRAF_STATION_CACHE to a writable directory", err)
	}
	dir, err := os.MkdirTemp(cache, "telegraf-source-")
	if err != nil {
		return "", fmt.Errorf("cannot write to the cache: %w; set TELEGRAF_STATION_CACHE to a writable directory", err)
	}
	return dir, nil
}

// copySource copies the version of Telegraf in our go.mod from the module cache to the empty directory dst, checks the copy against our go.sum,
// and returns its version.
func copySource(ctx context.Context, root, dst string, logger *log.Logger) (version string, err error) {
	start := time.Now()
	checkout := golang{dir: root, logger: logger}
	if _, err := checkout.run(ctx, "mod", "download", telegrafModule); err != nil {
		return "", fmt.Errorf("cannot download Telegraf: %w", err)
	}
	var module struct{ Version, Dir string }
	if err := checkout.json(ctx, &module, "list", "-m", "-json", telegrafModule); err != nil {
		return "", fmt.Errorf("cannot find the source of Telegraf: %w", err)
	}
	// CopyFS makes the copies writable, unlike the files in the module cache.
	if err := os.CopyFS(dst, os.DirFS(module.Dir)); err != nil {
		return "", fmt.Errorf("cannot copy the source of Telegraf: %w", err)
	}
	ours, err := readSums(filepath.Join(root, "go.sum"))
	if err != nil {
		return "", err
	}
	if err := verifySource(dst, module.Version, ours); err != nil {
		return "", err
	}
	logger.Printf("copied Telegraf %s and checked it against go.sum (%s)", module.Version, since(start))
	return module.Version, nil
}

// stationGo is added next to main.go of Telegraf. It is a text file here, because it belongs to the main package of Telegraf.
//
//go:embed station.go.txt
var stationGo []byte

// linkOurs adds our plugins to the copy: one file, this module, and the hashes of both.
func linkOurs(ctx context.Context, copied golang, root, tags string) error {
	if err := os.WriteFile(filepath.Join(copied.dir, "cmd", "telegraf", "station.go"), stationGo, 0o600); err != nil {
		return fmt.Errorf("cannot add our plugins: %w", err)
	}
	// Go writes the path of a replacement into the binary. With the link, the path is the same for every checkout.
	if err := os.Symlink(root, filepath.Join(copied.dir, "station")); err != nil {
		return fmt.Errorf("cannot add our module: %w", err)
	}
	if _, err := copied.run(ctx, "mod", "edit", "-require="+ourModule+"@v0.0.0", "-replace="+ourModule+"=./station"); err != nil {
		return fmt.Errorf("cannot add our module: %w", err)
	}
	return resolveModules(ctx, copied, root, tags)
}

// resolveModules adds the requirements of our module to go.mod of the copy. The build itself does not change go.mod.
func resolveModules(ctx context.Context, copied golang, root, tags string) error {
	sumFile := filepath.Join(copied.dir, "go.sum")
	pinned, err := readSums(filepath.Join(root, "go.sum"), sumFile)
	if err != nil {
		return err
	}
	if err := pinned.write(sumFile); err != nil {
		return err
	}
	if _, err := copied.run(ctx, "list", "-mod=mod", "-deps", "-tags", tags, "./cmd/telegraf"); err != nil {
		return fmt.Errorf("cannot resolve the modules of our plugins: %w", err)
	}
	used, err := readSums(sumFile)
	if err != nil {
		return err
	}
	return checkPinned(used, pinned)
}
