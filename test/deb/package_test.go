//go:build real

// Package deb tests the Debian package on real Debian systems for each processor.
package deb

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/test/bed/process"
)

// architectures are the ones that are built. armhf runs on every Raspberry Pi, including the first.
var architectures = []string{"armhf", "arm64", "amd64"}

// built returns the directory of the packages, which are built on first use.
var built = sync.OnceValues(func() (string, error) { return packagesDir, buildPackages(packagesDir) })

var packagesDir string

func TestMain(m *testing.M) {
	var err error
	if packagesDir, err = os.MkdirTemp("", "telegraf-station-deb-"); err != nil {
		log.Fatal(err)
	}
	code := m.Run()
	_ = os.RemoveAll(packagesDir)
	os.Exit(code)
}

// version returns the version of the packages.
func version(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../VERSION")
	require.NoError(t, err)
	return strings.TrimSpace(string(text))
}

func buildPackages(dir string, architectures ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Minute)
	defer cancel()
	return process.Run(ctx, process.Command{
		Path: "../../packaging/deb/build.sh", Args: append([]string{"--output", dir}, architectures...), Output: os.Stderr,
	})
}

// packageFor returns the path of the package for an architecture.
func packageFor(t *testing.T, arch string) string {
	t.Helper()
	dir, err := built()
	require.NoError(t, err)
	return filepath.Join(dir, "telegraf-station_"+version(t)+"_"+arch+".deb")
}

// repack builds a package with another version and another configuration, like a later or earlier release.
func repack(t *testing.T, file, other string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "package")
	command(t, "dpkg-deb", "-R", file, dir)
	edit(t, filepath.Join(dir, "DEBIAN/control"), "\nVersion: "+version(t)+"\n", "\nVersion: "+other+"\n")
	edit(t, filepath.Join(dir, "usr/share/telegraf-station/telegraf.conf"), "[agent]", "# of "+other+"\n[agent]")
	edit(t, filepath.Join(dir, "usr/share/telegraf-station/default"), "# Environment", "# Of "+other+": environment")
	repacked := filepath.Join(t.TempDir(), "telegraf-station_"+other+".deb")
	command(t, "dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "-b", dir, repacked)
	return repacked
}

func edit(t *testing.T, file, before, after string) {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Contains(t, string(text), before)
	require.NoError(t, os.WriteFile(file, []byte(strings.Replace(string(text), before, after, 1)), 0o600))
	require.NoError(t, os.Chmod(file, 0o644))
}

// writeProgram writes an executable file to a directory that all users can enter.
func writeProgram(t *testing.T, file, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))  //nolint:gosec // as in a package
	require.NoError(t, os.WriteFile(file, []byte(text), 0o755)) //nolint:gosec // as in a package
	require.NoError(t, os.Chmod(file, 0o755))                   // whatever the umask is
}

// command runs a program on this machine and returns its output.
func command(t *testing.T, name string, args ...string) string {
	t.Helper()
	// Cleanups also run commands, when the context of the test is already canceled.
	//nolint:gosec // only called by tests
	output, err := exec.CommandContext(context.WithoutCancel(t.Context()), name, args...).CombinedOutput()
	require.NoError(t, err, "%s %q: %s", name, args, output)
	return string(output)
}

func commandThatFails(t *testing.T, name string, args ...string) (string, error) {
	t.Helper()
	output, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput() //nolint:gosec // only called by tests
	return string(output), err
}

// The module lists (CycloneDX), in the package and next to it, match the programs.
func TestSBOM(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "package")
	command(t, "dpkg-deb", "-R", packageFor(t, "amd64"), dir)
	for _, program := range []string{"telegraf", "stationctl"} {
		text, err := os.ReadFile(filepath.Join(dir, "usr/share/doc/telegraf-station", program+".cdx.json"))
		require.NoError(t, err)
		nextTo, err := os.ReadFile(strings.TrimSuffix(packageFor(t, "amd64"), "deb") + program + ".cdx.json")
		require.NoError(t, err)
		require.Equal(t, string(nextTo), string(text))
		var bom struct {
			BOMFormat  string
			Components []struct{ Name, Version string }
		}
		require.NoError(t, json.Unmarshal(text, &bom))
		require.Equal(t, "CycloneDX", bom.BOMFormat)
		named := map[string]string{}
		for _, component := range bom.Components {
			named[component.Name] = component.Version
		}
		require.Contains(t, named, "std", "the standard library")
		require.NotContains(t, string(text), "(devel)")
		modules := 0
		for line := range strings.Lines(command(t, "go", "version", "-m", filepath.Join(dir, "usr/bin", program))) {
			if fields := strings.Fields(line); len(fields) > 3 && fields[0] == "dep" {
				modules++
				if fields[1] == "github.com/telegraf-station/telegraf-station" {
					fields[2] = "v" + version(t) // in our Telegraf, it is a directory without a version
				}
				require.Equal(t, fields[2], named[fields[1]], fields[1])
			}
		}
		require.Greater(t, modules, 20)
	}
}

func TestTwoBuildsAreIdentical(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, buildPackages(dir, "armhf", "amd64"))
	for _, arch := range []string{"armhf", "amd64"} {
		first, err := os.ReadFile(packageFor(t, arch))
		require.NoError(t, err)
		second, err := os.ReadFile(filepath.Join(dir, filepath.Base(packageFor(t, arch))))
		require.NoError(t, err)
		require.Equal(t, sha256.Sum256(first), sha256.Sum256(second), "two builds of %s differ", arch)
	}
}

// Warnings fail, too. The package contains the overrides with their reasons.
func TestLintian(t *testing.T) {
	for _, arch := range architectures {
		require.Empty(t, command(t, "lintian", "--allow-root", "--fail-on", "error,warning", packageFor(t, arch)))
	}
}
