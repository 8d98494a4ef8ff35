package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPluginListKeepsLineNumbers(t *testing.T) {
	t.Parallel()
	plugins, err := parsePlugins("# group\n\ninputs.cpu\n  inputs.mem   # comment\n")
	require.NoError(t, err)
	require.Equal(t, []plugin{{"inputs.cpu", 3}, {"inputs.mem", 4}}, plugins)
	require.Equal(t, "custom,inputs.cpu,inputs.mem", buildTags(plugins))
}

func TestPluginListRejectsDuplicates(t *testing.T) {
	t.Parallel()
	_, err := parsePlugins("inputs.cpu\ninputs.mem\ninputs.cpu # again\n")
	require.EqualError(t, err, `cmd/telegraf/plugins.txt:3: "inputs.cpu" is a duplicate of line 1; delete one of them`)
}

func TestPluginListRejectsUnknownPlugins(t *testing.T) {
	t.Parallel()
	source := t.TempDir()
	addPlugin(t, source, "inputs", "cpu.go", "//go:build !custom || inputs || inputs.cpu\n\npackage all\n")
	addPlugin(t, source, "processors", "processors.go", "//go:build !custom || processors || processors.timestamp\n\npackage all\n")
	addPlugin(t, source, "inputs", "all.go", "package all\n")

	good := []plugin{{"inputs.cpu", 1}, {"processors.timestamp", 2}, {"migrations", 3}}
	require.NoError(t, checkPlugins(good, source))
	for _, tag := range []string{"inputs.cpuu", "processors.processors", "inputs.all", "inputs", "custom", "inputs.cpu,inputs.mem", "cpu"} {
		err := checkPlugins([]plugin{{"inputs.cpu", 1}, {tag, 7}}, source)
		require.ErrorContains(t, err, `cmd/telegraf/plugins.txt:7: Telegraf does not have "`+tag+`"`)
	}
}

func addPlugin(t *testing.T, source, kind, file, code string) {
	t.Helper()
	dir := filepath.Join(source, "plugins", kind, "all")
	require.NoError(t, os.MkdirAll(dir, 0o750))
	require.NoError(t, os.WriteFile(filepath.Join(dir, file), []byte(code), 0o600))
}
