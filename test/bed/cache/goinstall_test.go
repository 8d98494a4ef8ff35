package cache

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/test/bed/process"
)

// smallCommand is in a module that the project needs anyway.
const smallCommand = "golang.org/x/mod/gosumcheck@v0.42.0"

func TestGoInstallBuildsOnceForThisMachine(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: downloads and builds a program")
	}
	t.Setenv("TELEGRAF_STATION_CACHE", t.TempDir())
	t.Setenv("GOARCH", "arm")
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	var progress bytes.Buffer

	binary, err := GoInstall(ctx, smallCommand, &progress)

	require.NoError(t, err, progress.String())
	require.Contains(t, progress.String(), "gosumcheck: building it with `go install "+smallCommand+"`")
	require.ErrorContains(t, process.Run(ctx, process.Command{Path: binary}), "usage: gosumcheck")
	requireNothingElse(t, binary)

	progress.Reset()
	again, err := GoInstall(ctx, smallCommand, &progress)
	require.NoError(t, err)
	require.Equal(t, binary, again)
	require.Empty(t, progress.String())
}

func requireNothingElse(t *testing.T, binary string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(binary))
	require.NoError(t, err)
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	require.Equal(t, []string{"gosumcheck", "gosumcheck.lock"}, names)
}

func TestGoInstallErrors(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: asks the module proxy")
	}
	t.Setenv("TELEGRAF_STATION_CACHE", t.TempDir())
	for _, inexact := range []string{"example.com/cmd/name", "example.com/cmd/name@latest"} {
		_, err := GoInstall(t.Context(), inexact, nil)
		require.ErrorContains(t, err, "has no exact version")
	}
	_, err := GoInstall(t.Context(), "golang.org/x/mod/nothing@v0.42.0", nil)
	require.ErrorContains(t, err, "cannot build golang.org/x/mod/nothing@v0.42.0")
	require.ErrorContains(t, err, "does not contain package")
}

func TestCommandName(t *testing.T) {
	t.Parallel()
	for pkg, want := range map[string]string{
		"example.com/cmd/influxd": "influxd",
		"example.com/jq/v4":       "jq",
		"example.com/vet":         "vet",
		"example.com/v":           "v",
	} {
		require.Equal(t, want, commandName(pkg))
	}
}
