package main

import (
	"bytes"
	"debug/elf"
	"io/fs"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTelegraf tests the binary, built once for this machine (takes minutes with an empty build cache).
func TestTelegraf(t *testing.T) {
	t.Parallel()
	readSources(t)
	telegraf := buildTelegraf(t)

	t.Run("is static", func(t *testing.T) {
		t.Parallel()
		requireStatic(t, telegraf)
	})
	t.Run("version shows both versions", func(t *testing.T) {
		t.Parallel()
		want := "Telegraf " + regexp.QuoteMeta(strings.TrimPrefix(pinnedTelegraf(t), "v")+"+station-0.1.0-test.1") + "\n$"
		require.Regexp(t, "^"+want, output(t, telegraf, "version"))
		require.Regexp(t, want, output(t, telegraf, "--version"))
	})
	t.Run("plugins are linked", func(t *testing.T) {
		t.Parallel()
		for kind, names := range map[string][]string{
			"inputs":      {"inputs.arduino_serial", "inputs.kafka_sites", "inputs.kafka_consumer", "inputs.cpu"},
			"outputs":     {"outputs.kafka_site", "outputs.influxdb_v2"},
			"parsers":     {"parsers.station", "parsers.json_v2"},
			"serializers": {"serializers.station", "serializers.influx"},
		} {
			require.Subset(t, strings.Fields(output(t, telegraf, "plugins", kind)), names)
		}
	})
	t.Run("plugins that are not listed are left out", func(t *testing.T) {
		t.Parallel()
		require.NotContains(t, strings.Fields(output(t, telegraf, "plugins", "inputs")), "inputs.snmp")
	})
	t.Run("config create has our options", func(t *testing.T) {
		t.Parallel()
		config := output(t, telegraf, "config", "create", "--section-filter", "inputs:outputs", "--input-filter", "arduino_serial", "--output-filter", "kafka_site")
		require.Contains(t, config, "[[inputs.arduino_serial]]")
		require.Contains(t, config, "[[outputs.kafka_site]]")
	})
	t.Run("usage", func(t *testing.T) {
		t.Parallel()
		require.Contains(t, output(t, telegraf, "--usage", "arduino_serial"), `port = "/dev/ttyACM0"`)
	})
	t.Run("config check", func(t *testing.T) {
		t.Parallel()
		requireConfigCheck(t, telegraf)
	})
}

func requireConfigCheck(t *testing.T, telegraf string) {
	t.Helper()
	const config = `
[[inputs.arduino_serial]]
  port = "${STATION_PORT}"
  device_id = "RaspberryPi"
  site = "JNU"
  index = "1"
  type = "rasp"
  location = [35.17959, 126.90822]
[[outputs.file]]
`
	check := func(config string, env ...string) error {
		file := filepath.Join(t.TempDir(), "telegraf.conf")
		require.NoError(t, os.WriteFile(file, []byte(config), 0o600))
		cmd := exec.CommandContext(t.Context(), telegraf, "config", "check", "--strict-env-handling", "--config", file) //nolint:gosec // the built binary
		cmd.Env = append(os.Environ(), env...)
		return cmd.Run()
	}
	var exit *exec.ExitError
	require.NoError(t, check(config, "STATION_PORT=/dev/ttyACM0"))
	require.ErrorAs(t, check(config), &exit, "the variable is not set")
	require.ErrorAs(t, check(strings.Replace(config, "port =", "prot =", 1), "STATION_PORT=/dev/ttyACM0"), &exit, "an option that does not exist")
}

// readSources visits all files that are part of the binary: `go test` reuses a cached result unless a file that the test itself read has
// changed, and it does not know which files the go command reads.
func readSources(t *testing.T) {
	t.Helper()
	for _, dir := range []string{"plugins", "internal"} {
		err := filepath.WalkDir(filepath.Join("..", "..", dir), func(_ string, _ fs.DirEntry, err error) error { return err })
		require.NoError(t, err)
	}
}

func buildTelegraf(t *testing.T, flags ...string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("slow: builds Telegraf")
	}
	binary := filepath.Join(t.TempDir(), "bin", "telegraf")
	var stderr bytes.Buffer
	status := run(append([]string{"--output", binary, "--version", "0.1.0-test.1"}, flags...), &stderr)
	t.Log(stderr.String())
	require.Equal(t, 0, status, "exit status of the builder")
	return binary
}

func pinnedTelegraf(t *testing.T) string {
	t.Helper()
	var module struct{ Version string }
	require.NoError(t, golang{logger: log.New(t.Output(), "", 0)}.json(t.Context(), &module, "list", "-m", "-json", telegrafModule))
	return module.Version
}

func output(t *testing.T, program string, args ...string) string {
	t.Helper()
	stdout, err := exec.CommandContext(t.Context(), program, args...).Output() //nolint:gosec // the built binary
	require.NoError(t, err, "%s %q", program, args)
	return string(stdout)
}

// requireStatic checks that the binary needs no dynamic linker, so that it runs on any Linux system with this architecture.
func requireStatic(t *testing.T, binary string) {
	t.Helper()
	file, err := elf.Open(binary)
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	require.Nil(t, file.Section(".dynamic"), "a dynamic section")
	for _, segment := range file.Progs {
		require.NotContains(t, []elf.ProgType{elf.PT_DYNAMIC, elf.PT_INTERP}, segment.Type)
	}
}
