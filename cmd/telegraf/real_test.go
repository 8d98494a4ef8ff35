//go:build real

package main

import (
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	"debug/elf"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTargetsAreStaticAndForTheirProcessor(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct {
		machine elf.Machine
		setting map[string]string
	}{
		"linux/amd64": {elf.EM_X86_64, map[string]string{"GOAMD64": "v1"}},
		"linux/arm64": {elf.EM_AARCH64, map[string]string{"GOARM64": "v8.0"}},
		"linux/arm/6": {elf.EM_ARM, map[string]string{"GOARM": "6"}},
		"linux/arm/7": {elf.EM_ARM, map[string]string{"GOARM": "7"}},
	} {
		t.Run(name, func(t *testing.T) {
			binary := buildTelegraf(t, "--target", name)
			requireStatic(t, binary)
			file, err := elf.Open(binary)
			require.NoError(t, err)
			defer func() { require.NoError(t, file.Close()) }()
			require.Equal(t, want.machine, file.Machine)
			require.Subset(t, settings(t, binary), want.setting)
			require.Equal(t, "telegraf.pgo", settings(t, binary)["-pgo"])
			require.Less(t, size(t, binary), int64(45e6), "the binary grew: check whether the added plugin is worth its size on a Pi")
		})
	}
}

// Two checkouts with different paths, caches, and environments result in identical binaries.
func TestBuildIsReproducible(t *testing.T) {
	t.Parallel()
	first := buildCheckout(t)
	second := buildCheckout(t, "GOCACHE="+t.TempDir(), "TELEGRAF_STATION_CACHE="+t.TempDir(), "GOTMPDIR="+t.TempDir(),
		"GOFLAGS=-tags=other -ldflags=-X=main.x=y", "GOAMD64=v3", "GOARM64=v8.1", "CGO_ENABLED=1")
	require.Equal(t, sha256.Sum256(first), sha256.Sum256(second))
}

// buildCheckout copies the repository to a new directory, builds it there like a user, and returns the binary.
func buildCheckout(t *testing.T, env ...string) []byte {
	t.Helper()
	checkout := t.TempDir()
	repository := os.DirFS(filepath.Join("..", ".."))
	for _, name := range []string{"go.mod", "go.sum", "VERSION"} {
		data, err := fs.ReadFile(repository, name)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(checkout, name), data, 0o600))
	}
	for _, name := range []string{"cmd/telegraf", "internal", "plugins"} {
		require.NoError(t, os.CopyFS(filepath.Join(checkout, name), os.DirFS(filepath.Join("..", "..", name))))
	}
	cmd := exec.CommandContext(t.Context(), "go", "run", "./cmd/telegraf")
	cmd.Dir = checkout
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = t.Output()
	require.NoError(t, cmd.Run())
	binary, err := fs.ReadFile(os.DirFS(checkout), "build/telegraf")
	require.NoError(t, err)
	require.False(t, bytes.Contains(binary, []byte(checkout)), "the binary contains the path of the checkout")
	return binary
}

func settings(t *testing.T, binary string) map[string]string {
	t.Helper()
	info, err := buildinfo.ReadFile(binary)
	require.NoError(t, err)
	all := map[string]string{}
	for _, setting := range info.Settings {
		all[setting.Key] = setting.Value
	}
	return all
}

func size(t *testing.T, binary string) int64 {
	t.Helper()
	info, err := os.Stat(binary)
	require.NoError(t, err)
	return info.Size()
}
