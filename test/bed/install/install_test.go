package install

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/test/bed/process"
)

// machine is a PATH with nothing on it but the shell's own tools and these made-up programs.
func machine(t *testing.T, programs map[string]string) (path string) {
	t.Helper()
	path = t.TempDir()
	for _, tool := range []string{"cat", "sed", "mkdir", "mktemp", "rm", "mv", "find", "wc", "chmod", "cp"} {
		for _, dir := range []string{"/bin", "/usr/bin"} {
			if _, err := os.Stat(filepath.Join(dir, tool)); err == nil {
				require.NoError(t, os.Symlink(filepath.Join(dir, tool), filepath.Join(path, tool)))
				break
			}
		}
	}
	for name, script := range programs {
		//nolint:gosec // a program must be executable
		require.NoError(t, os.WriteFile(filepath.Join(path, name), []byte("#!/bin/sh\n"+script+"\n"), 0o700))
	}
	return path
}

// run runs a script with a PATH, on a machine that has the files of the simulated board.
func run(t *testing.T, path, script string, args ...string) (output string, err error) {
	t.Helper()
	root := t.TempDir()
	for _, file := range []string{"lib/avr/include/avr/io.h", "share/arduino/hardware/arduino/avr/platform.txt", "include/simavr/sim_avr.h"} {
		file = filepath.Join(root, "usr", file)
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o700))
		require.NoError(t, os.WriteFile(file, nil, 0o600))
	}
	return runIn(t, root, path, script, args...)
}

// runIn takes the machine's files, other than its programs, from a folder.
func runIn(t *testing.T, root, path, script string, args ...string) (output string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var printed strings.Builder
	err = process.Run(ctx, process.Command{
		Path: "/bin/sh", Args: append([]string{script}, args...), Env: []string{"PATH=" + path, "ROOT=" + root}, Output: &printed,
	})
	return printed.String(), err
}

const oldJava = `echo 'openjdk version "11.0.2" 2019-01-15' >&2`

// packager is a machine that has what the packages and images are built and tested with.
func packager(t *testing.T, programs map[string]string) (path string) {
	t.Helper()
	for _, name := range []string{
		"debootstrap", "qemu-arm-static", "dpkg-deb", "lintian", "apt-ftparchive", "gpg", "xz", "strace", "systemd-analyze", "buildah",
	} {
		programs[name] = ""
	}
	return machine(t, programs)
}

func TestPackagesInstallsOnlyWhatIsMissing(t *testing.T) {
	t.Parallel()
	java := `echo 'openjdk version "21" 2023-09-19' >&2`
	path := packager(t, map[string]string{
		"java": java, "mvn": "", "curl": "", "jq": "", "cc": "", "python3": "", "avr-g++": "", "id": "echo 0", "apt-get": `echo apt-get "$@"`,
		"apt-cache": "echo rustup - the Rust toolchain installer",
	})
	output, err := run(t, path, "packages.sh")
	require.NoError(t, err, output)
	require.Contains(t, output, "missing: clang protoc cargo\n")
	require.Contains(t, output, "apt-get update\napt-get install --yes --no-install-recommends clang protobuf-compiler rustup\n")
}

func TestPackagesTakesCargoWhereThereIsNoRustup(t *testing.T) {
	t.Parallel()
	path := packager(t, map[string]string{
		"java": oldJava, "mvn": "", "curl": "", "jq": "", "cc": "", "clang": "", "protoc": "", "python3": "", "avr-g++": "",
		"id": "echo 0", "apt-cache": "", "apt-get": `echo apt-get "$@"`,
	})
	output, err := run(t, path, "packages.sh")
	require.Contains(t, output, "install --yes --no-install-recommends default-jre-headless cargo\n")
	require.ErrorContains(t, err, "older than 17")
}

func TestPackagesLooksForHeadersAndSources(t *testing.T) {
	t.Parallel()
	path := packager(t, map[string]string{
		"java": `echo 'openjdk version "21" 2023-09-19' >&2`, "mvn": "", "curl": "", "jq": "", "cc": "", "clang": "", "protoc": "", "cargo": "",
		"python3": "", "id": "echo 1000",
	})
	output, err := runIn(t, t.TempDir(), path, "packages.sh")
	require.Error(t, err)
	require.Contains(t, output, "missing: avr-g++ avr-libc arduino-core-avr libsimavr-dev\n")
	require.Contains(t, output, "install these packages: gcc-avr avr-libc arduino-core-avr libsimavr-dev\n")
}

func TestPackagesWithoutRootSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	output, err := run(t, machine(t, map[string]string{"id": "echo 1000"}), "packages.sh")
	require.Error(t, err)
	require.Contains(t, output, "missing: java(17+) mvn curl jq cc clang protoc cargo python3 debootstrap qemu-arm-static dpkg-deb lintian "+
		"apt-ftparchive gpg xz strace systemd-analyze buildah avr-g++\n")
	require.Contains(t, output, "run it as root, or install these packages: default-jre-headless maven curl jq gcc")
}

func TestPackagesDoesNothingWhenNothingIsMissing(t *testing.T) {
	t.Parallel()
	path := packager(t, map[string]string{
		"java": `echo 'openjdk version "17.0.15" 2025-04-15' >&2`, "mvn": "", "curl": "", "jq": "", "cc": "", "clang": "", "protoc": "", "cargo": "",
		"python3": "", "avr-g++": "",
	})
	output, err := run(t, path, "packages.sh")
	require.NoError(t, err)
	require.Equal(t, "packages.sh: nothing is missing\n", output)
}

func TestKafkaIsCopiedOnceAndWhole(t *testing.T) {
	t.Parallel()
	copies := `for word in "$@"; do case $word in -DoutputDirectory=*) out=${word#*=} ;; esac; done
mkdir "$out"; echo jar >"$out/kafka.jar"; `
	dir := filepath.Join(t.TempDir(), "kafka")

	output, err := run(t, machine(t, nil), "kafka.sh", dir)
	require.Error(t, err)
	require.Contains(t, output, "mvn (Maven) is missing")

	output, err = run(t, machine(t, map[string]string{"mvn": copies + "echo no network; exit 1"}), "kafka.sh", dir)
	require.Error(t, err)
	require.Contains(t, output, "no network")
	requireNames(t, dir)

	path := packager(t, map[string]string{"mvn": copies})
	output, err = run(t, path, "kafka.sh", dir)
	require.NoError(t, err)
	require.Contains(t, output, "1 jars in "+dir)
	requireNames(t, dir, "libs")
	output, err = run(t, path, "kafka.sh", dir)
	require.NoError(t, err)
	require.Contains(t, output, "cached in "+dir)
}

func TestInfluxDB2SaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "influxdb2")
	output, err := run(t, machine(t, map[string]string{"go": "", "cc": "", "clang": ""}), "influxdb2.sh", dir)
	require.Error(t, err)
	require.Contains(t, output, "protoc is missing")
	requireNames(t, dir)
}

func requireNames(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	require.Equal(t, want, names)
}
