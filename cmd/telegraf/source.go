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
		return "", fmt.Errorf("looking for go.mod: %w; run this in a checkout of %s", err, ourModule)
	}
	if module.Path != ourModule {
		return "", fmt.Errorf("the module here is %q; run this in a checkout of %s", module.Path, ourModule)
	}
	return module.Dir, nil
}

// newWorkDir makes an empty directory in the cache, which is outside the checkout.
func newWorkDir() (string, error) {
	cache := os.Getenv("TELEGRAF_STATION_CACHE")
	if cache == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("no directory for the cache: %w; set TELEGRAF_STATION_CACHE", err)
		}
		cache = filepath.Join(user, "telegraf-station")
	}
	cache, err := filepath.Abs(cache)
	if err != nil {
		return "", fmt.Errorf("TELEGRAF_STATION_CACHE %q: %w", cache, err)
	}
	if err := os.MkdirAll(cache, 0o750); err != nil { //nolint:gosec // the user says where
		return "", fmt.Errorf("the cache cannot be made: %w; set TELEGRAF_STATION_CACHE to a directory that can be written", err)
	}
	dir, err := os.MkdirTemp(cache, "telegraf-source-")
	if err != nil {
		return "", fmt.Errorf("the cache cannot be written: %w; set TELEGRAF_STATION_CACHE to a directory that can", err)
	}
	return dir, nil
}

// copySource copies the Telegraf that our go.mod names from the module cache into the empty directory dst, checks the
// copy against our go.sum, and returns its version.
func copySource(ctx context.Context, root, dst string, logger *log.Logger) (version string, err error) {
	start := time.Now()
	checkout := golang{dir: root, logger: logger}
	if _, err := checkout.run(ctx, "mod", "download", telegrafModule); err != nil {
		return "", fmt.Errorf("fetching Telegraf: %w", err)
	}
	var module struct{ Version, Dir string }
	if err := checkout.json(ctx, &module, "list", "-m", "-json", telegrafModule); err != nil {
		return "", fmt.Errorf("looking for Telegraf's source: %w", err)
	}
	// CopyFS gives every file the owner's write permission, which those in the module cache lack.
	if err := os.CopyFS(dst, os.DirFS(module.Dir)); err != nil {
		return "", fmt.Errorf("copying Telegraf's source: %w", err)
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

// stationGo goes beside Telegraf's own main.go. Here it is no code, because Telegraf's main package is not here.
//
//go:embed station.go.txt
var stationGo []byte

// linkOurs adds what the copy needs to have our plugins: one file, this module, and the hashes of both.
func linkOurs(ctx context.Context, copied golang, root, tags string) error {
	if err := os.WriteFile(filepath.Join(copied.dir, "cmd", "telegraf", "station.go"), stationGo, 0o600); err != nil {
		return fmt.Errorf("adding our plugins: %w", err)
	}
	// Go writes the path of a replacement into the binary: through the link it is one path for every checkout.
	if err := os.Symlink(root, filepath.Join(copied.dir, "station")); err != nil {
		return fmt.Errorf("adding our module: %w", err)
	}
	if _, err := copied.run(ctx, "mod", "edit", "-require="+ourModule+"@v0.0.0", "-replace="+ourModule+"=./station"); err != nil {
		return fmt.Errorf("adding our module: %w", err)
	}
	return resolveModules(ctx, copied, root, tags)
}

// resolveModules completes the copy's go.mod with what our module asks for. The build itself may change nothing any more.
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
		return fmt.Errorf("resolving the modules of our plugins: %w", err)
	}
	used, err := readSums(sumFile)
	if err != nil {
		return err
	}
	return checkPinned(used, pinned)
}
