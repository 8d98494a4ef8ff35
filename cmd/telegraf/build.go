package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	ourModule      = "github.com/telegraf-station/telegraf-station"
	telegrafModule = "github.com/influxdata/telegraf"
)

// build writes the binary that opts describes, and logs one line per step. Every run copies the source of Telegraf, checks the copy against
// our go.sum, and deletes it at the end (two seconds), so that no earlier copy has to be trusted and concurrent builds do not interfere. The Go
// build cache makes later runs fast.
func build(ctx context.Context, opts options, logger *log.Logger) error {
	plugins, err := parsePlugins(pluginsTxt)
	if err != nil {
		return err
	}
	root, err := findCheckout(ctx, logger)
	if err != nil {
		return err
	}
	if opts, err = withDefaults(opts, root); err != nil {
		return err
	}
	source, err := newWorkDir()
	if err != nil {
		return err
	}
	defer os.RemoveAll(source) //nolint:errcheck // a leftover in the cache does no harm

	version, err := copySource(ctx, root, source, logger)
	if err != nil {
		return err
	}
	if err := checkPlugins(plugins, source); err != nil {
		return err
	}
	toolchain := golang{dir: source, env: opts.target.env(), logger: logger}
	if err := linkOurs(ctx, toolchain, root, buildTags(plugins)); err != nil {
		return err
	}
	logger.Printf("linked in the plugins of this checkout and %d plugins of Telegraf (%s)", len(plugins), pluginsFile)
	return compile(ctx, toolchain, opts, root, buildTags(plugins), fullVersion(version, opts.version))
}

func withDefaults(opts options, root string) (options, error) {
	if opts.version == "" {
		text, err := os.ReadFile(filepath.Join(root, "VERSION")) //nolint:gosec // a file of the checkout
		if err != nil {
			return opts, fmt.Errorf("cannot read our version: %w; restore the file from git, or pass --version", err)
		}
		opts.version = strings.TrimSpace(string(text))
		if err := checkVersion(opts.version); err != nil {
			return opts, fmt.Errorf("file VERSION: %w", err)
		}
	}
	switch {
	case opts.output == "" && opts.forHost:
		opts.output = filepath.Join(root, "build", "telegraf")
	case opts.output == "":
		opts.output = filepath.Join(root, "build", opts.target.fileName())
	}
	var err error
	if opts.output, err = filepath.Abs(opts.output); err != nil {
		return opts, fmt.Errorf("--output %q: %w", opts.output, err)
	}
	return opts, nil
}

// profile is the CPU profile with which the compiler optimizes our Telegraf. `make profile` samples it again.
const profile = "cmd/telegraf/telegraf.pgo"

// compile writes opts.output, a static binary.
func compile(ctx context.Context, copied golang, opts options, root, tags, version string) error {
	start := time.Now()
	copied.logger.Printf("building %s, version %s (the first build takes a few minutes)", opts.target, version)
	if err := os.MkdirAll(filepath.Dir(opts.output), 0o750); err != nil {
		return fmt.Errorf("--output: %w", err)
	}
	ldflags := "-s -w -X " + telegrafModule + "/internal.Version=" + version
	if _, err := copied.run(ctx, "build", "-trimpath", "-buildvcs=false", "-pgo", filepath.Join(root, profile), "-tags", tags, "-ldflags", ldflags,
		"-o", opts.output, "./cmd/telegraf"); err != nil {
		return err
	}
	info, err := os.Stat(opts.output)
	if err != nil {
		return fmt.Errorf("cannot inspect the binary: %w", err)
	}
	copied.logger.Printf("wrote %s, %.1f MB (%s)", opts.output, float64(info.Size())/1e6, since(start))
	return nil
}

// fullVersion returns what `telegraf version` shows. Our version is build metadata, which Telegraf ignores when it compares versions.
func fullVersion(telegraf, ours string) string {
	return strings.TrimPrefix(telegraf, "v") + "+station-" + ours
}

func since(start time.Time) time.Duration { return time.Since(start).Round(100 * time.Millisecond) }
