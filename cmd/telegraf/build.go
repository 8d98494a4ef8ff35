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

// build writes the binary that opts asks for and says on logger what it does, one line a step. It works on a copy of
// Telegraf's source that is made, checked against our go.sum and deleted on every run (two seconds): no copy is trusted
// because an earlier run left it, and two builds at once do not meet. Go's own build cache is what makes a second run fast.
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
	defer os.RemoveAll(source) //nolint:errcheck // a leftover in the cache harms nobody

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
	logger.Printf("linked in the plugins of this checkout and %d of Telegraf's (%s)", len(plugins), pluginsFile)
	return compile(ctx, toolchain, opts, root, buildTags(plugins), fullVersion(version, opts.version))
}

func withDefaults(opts options, root string) (options, error) {
	if opts.version == "" {
		text, err := os.ReadFile(filepath.Join(root, "VERSION")) //nolint:gosec // a file of the checkout
		if err != nil {
			return opts, fmt.Errorf("reading our version: %w; restore the file from git or give --version", err)
		}
		opts.version = strings.TrimSpace(string(text))
		if err := checkVersion(opts.version); err != nil {
			return opts, fmt.Errorf("the file VERSION: %w", err)
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

// profile is where our Telegraf spends its time: by it the compiler makes what is called most faster. `make profile` samples it again.
const profile = "cmd/telegraf/telegraf.pgo"

// compile writes opts.output, a static binary.
func compile(ctx context.Context, copied golang, opts options, root, tags, version string) error {
	start := time.Now()
	copied.logger.Printf("building %s, version %s (the first build takes some minutes)", opts.target, version)
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
		return fmt.Errorf("looking at what was built: %w", err)
	}
	copied.logger.Printf("wrote %s, %.1f MB (%s)", opts.output, float64(info.Size())/1e6, since(start))
	return nil
}

// fullVersion is what `telegraf version` shows. Ours is build metadata, which Telegraf's comparison of versions ignores.
func fullVersion(telegraf, ours string) string {
	return strings.TrimPrefix(telegraf, "v") + "+station-" + ours
}

func since(start time.Time) time.Duration { return time.Since(start).Round(100 * time.Millisecond) }
