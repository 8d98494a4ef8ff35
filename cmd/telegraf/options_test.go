package main

import (
	"bytes"
	"flag"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestInvalidOptions(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, test := range map[string]struct {
		args    []string
		message string
	}{
		"unknown flag":          {[]string{"--tags", "x"}, "-tags; --help shows the flags"},
		"flag without value":    {[]string{"--target"}, "needs an argument"},
		"argument":              {[]string{"linux/arm/6"}, `unexpected argument "linux/arm/6"`},
		"unknown target":        {[]string{"--target", "linux/riscv64"}, `target "linux/riscv64" is not supported; use linux/amd64,`},
		"ARM without version":   {[]string{"--target", "linux/arm"}, `"linux/arm"`},
		"version of two parts":  {[]string{"--version", "1.2"}, `--version: version "1.2" is not of the form 1.2.3`},
		"version with a v":      {[]string{"--version", "v1.2.3"}, `"v1.2.3"`},
		"version with metadata": {[]string{"--version", "1.2.3+mine"}, `"1.2.3+mine"`},
		"version with a space":  {[]string{"--version", "1.2.3 -X main.x=y"}, "is not of the form"},
		"output is a directory": {[]string{"--output", dir}, filepath.Join(dir, "telegraf")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := parseOptions(test.args, &bytes.Buffer{})
			require.ErrorContains(t, err, test.message)

			var stderr bytes.Buffer
			require.Equal(t, 2, run(test.args, &stderr))
			require.Contains(t, stderr.String(), test.message)
		})
	}
}

func TestHelpNamesEveryFlagAndSucceeds(t *testing.T) {
	t.Parallel()
	var stderr bytes.Buffer
	require.Equal(t, 0, run([]string{"--help"}, &stderr))
	for _, text := range []string{"-target PLATFORM", "linux/arm/6", "-output FILE", "-version X.Y.Z"} {
		require.Contains(t, stderr.String(), text)
	}
	_, err := parseOptions([]string{"-h"}, &bytes.Buffer{})
	require.ErrorIs(t, err, flag.ErrHelp)
}

func TestDefaultsComeFromTheCheckout(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args   []string
		output string
	}{
		"this machine": {nil, "build/telegraf"},
		"a target":     {[]string{"--target", "linux/arm/6"}, "build/telegraf-linux-armv6"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opts, err := parseOptions(test.args, &bytes.Buffer{})
			require.NoError(t, err)
			root := filepath.Join("..", "..")
			opts, err = withDefaults(opts, root)
			require.NoError(t, err)
			want, err := filepath.Abs(filepath.Join(root, test.output))
			require.NoError(t, err)
			require.Equal(t, want, opts.output)
			require.NoError(t, checkVersion(opts.version))
		})
	}
	_, err := withDefaults(options{}, t.TempDir())
	require.ErrorContains(t, err, "VERSION: no such file")
}

func TestTarget(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		file string
		env  []string
	}{
		"linux/amd64": {"telegraf-linux-amd64", []string{"GOOS=linux", "GOARCH=amd64", "GOAMD64=v1"}},
		"linux/arm64": {"telegraf-linux-arm64", []string{"GOOS=linux", "GOARCH=arm64", "GOARM64=v8.0"}},
		"linux/arm/6": {"telegraf-linux-armv6", []string{"GOOS=linux", "GOARCH=arm", "GOARM=6"}},
		"linux/arm/7": {"telegraf-linux-armv7", []string{"GOOS=linux", "GOARCH=arm", "GOARM=7"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target, err := parseTarget(name)
			require.NoError(t, err)
			require.Equal(t, test.file, target.fileName())
			require.Subset(t, target.env(), test.env)
			require.Contains(t, target.env(), "CGO_ENABLED=0")
		})
	}
	require.Equal(t, "linux/arm/6", hostTarget("linux", "arm"))
	require.Equal(t, "linux/arm64", hostTarget("linux", "arm64"))
}
