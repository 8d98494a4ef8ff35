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

// options are the command-line options. An empty output or version means the default, which depends on the checkout.
type options struct {
	target  target
	output  string
	version string
	forHost bool // without --target
}

// parseOptions parses the command line and writes help to usage. The caller prints every error except flag.ErrHelp.
func parseOptions(args []string, usage io.Writer) (options, error) {
	flags := flag.NewFlagSet("telegraf", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	targetName := flags.String("target", "", "build for `PLATFORM`: "+targetNames+" (default: this machine)")
	output := flags.String("output", "", "write the binary to `FILE` (default: build/telegraf, or build/telegraf-PLATFORM with --target)")
	version := flags.String("version", "", "our own version, `X.Y.Z` (default: the content of the file VERSION)")
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		flags.SetOutput(usage)
		flags.PrintDefaults()
	}
	if err != nil {
		return options{}, fmt.Errorf("%w; --help shows the flags", err)
	}
	if flags.NArg() > 0 {
		return options{}, fmt.Errorf("unexpected argument %q; --help shows the flags", flags.Arg(0))
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
		return options{}, fmt.Errorf("--output %q is a directory; pass a file name such as %q", output, filepath.Join(output, "telegraf"))
	}
	return opts, nil
}

// checkVersion returns an error if version is not a semantic version without build metadata: ours becomes the build metadata of the Telegraf
// version ("1.39.3+station-0.1.0"), and Telegraf panics at startup if the result is not a semantic version.
func checkVersion(version string) error {
	v := "v" + version
	if semver.Canonical(v) != v {
		return fmt.Errorf("version %q is not of the form 1.2.3 or 1.2.3-rc.1", version)
	}
	return nil
}
