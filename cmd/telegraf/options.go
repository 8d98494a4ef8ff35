package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"

	"golang.org/x/mod/semver"
)

// options are what the user chose; an empty output or version means the default, which needs the checkout to be known.
type options struct {
	target  target
	output  string
	version string
	forHost bool // no --target was given
}

// parseOptions reads the command line. Help goes to usage, and every error but flag.ErrHelp is still to be printed.
func parseOptions(args []string, usage io.Writer) (options, error) {
	flags := flag.NewFlagSet("telegraf", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	targetName := flags.String("target", "", "build for `PLATFORM`: "+targetNames+" (default: this machine)")
	output := flags.String("output", "", "write the binary to `FILE` (default: build/telegraf, or build/telegraf-PLATFORM with --target)")
	version := flags.String("version", "", "our own version, `X.Y.Z` (default: what the file VERSION says)")
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		flags.SetOutput(usage)
		flags.PrintDefaults()
	}
	if err != nil {
		return options{}, fmt.Errorf("%w; --help shows the flags", err)
	}
	if flags.NArg() > 0 {
		return options{}, fmt.Errorf("argument %q is not a flag, and nothing else is taken; --help shows the flags", flags.Arg(0))
	}
	return checkOptions(*targetName, *output, *version)
}

func checkOptions(targetName, output, version string) (options, error) {
	opts := options{output: output, version: version, forHost: targetName == ""}
	if opts.forHost {
		targetName = hostTarget(runtime.GOOS, runtime.GOARCH)
	}
	var err error
	if opts.target, err = parseTarget(targetName); err != nil {
		return options{}, err
	}
	if version != "" {
		if err := checkVersion(version); err != nil {
			return options{}, fmt.Errorf("--version: %w", err)
		}
	}
	if info, err := os.Stat(output); output != "" && err == nil && info.IsDir() {
		return options{}, fmt.Errorf("--output %q is a directory; give the name of the file to write, as %q", output, filepath.Join(output, "telegraf"))
	}
	return opts, nil
}

// checkVersion refuses what would not be one part of a semantic version: Telegraf panics at start on a version that
// is none, and ours becomes the build metadata of Telegraf's ("1.39.3+station-0.1.0"), which a second "+" would break.
func checkVersion(version string) error {
	v := "v" + version
	if semver.Canonical(v) != v {
		return fmt.Errorf("version %q is not of the form 1.2.3 or 1.2.3-rc.1", version)
	}
	return nil
}
