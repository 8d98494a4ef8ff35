//go:build real

// Package images tests the container images that build.sh creates: their content, and that they work.
package images

import (
	"bytes"
	"context"
	"crypto/x509"
	"debug/buildinfo"
	"debug/elf"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/test/bed/process"
)

const (
	station      = "telegraf-station"
	centralImage = "telegraf-station-central"
)

// builtAt is the timestamp of the images in these tests. The default, the time of the last commit, may be unavailable: git refuses to read
// the repository of another user.
const builtAt = 1_790_000_000

var imagesDir string // contains the images that all tests except one share

func TestMain(m *testing.M) {
	var err error
	if imagesDir, err = os.MkdirTemp("", "images-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if err := os.RemoveAll(imagesDir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

var build = sync.OnceValue(func() error { return buildInto(context.Background(), imagesDir, "022") })

func buildInto(ctx context.Context, dir, umask string, env ...string) error {
	env = append(env, fmt.Sprintf("SOURCE_DATE_EPOCH=%d", builtAt))
	return process.Run(ctx, process.Command{
		Path: "sh", Args: []string{"-c", `umask "$1" && exec ./build.sh "$2"`, "sh", umask, dir}, Env: env, Output: os.Stderr,
	})
}

// built returns an image of this checkout. All tests share one build.
func built(t *testing.T, name string) layout {
	t.Helper()
	// buildah needs root, which CI is, for some of its features.
	require.Zero(t, os.Geteuid(), "run the image tests as root")
	require.NoError(t, build(), "test/bed/install/packages.sh installs buildah")
	return layout(filepath.Join(imagesDir, name))
}

func TestTwoBuildsHaveOneDigest(t *testing.T) {
	t.Parallel()
	first := built(t, station)
	second := t.TempDir()
	require.NoError(t, buildInto(t.Context(), second, "077", "TELEGRAF_STATION_CACHE="+t.TempDir(), "TMPDIR="+t.TempDir(),
		"TZ=Asia/Seoul", "GOFLAGS=-tags=other", "GOAMD64=v3"))
	require.Equal(t, first.digest(t), layout(filepath.Join(second, station)).digest(t))
	require.Equal(t, built(t, centralImage).digest(t), layout(filepath.Join(second, centralImage)).digest(t))
}

func TestEveryPlatformIsInTheManifest(t *testing.T) {
	t.Parallel()
	for _, name := range []string{station, centralImage} {
		list := built(t, name)
		var platforms []string
		for _, manifest := range list.manifests(t) {
			platforms = append(platforms, manifest.Platform.String())
			config := list.image(t, manifest)
			require.Equal(t, manifest.Platform, config.platform, "the image has the platform of its manifest")
		}
		require.Equal(t, []string{"linux/amd64", "linux/arm64", "linux/arm/v6", "linux/arm/v7"}, platforms)
	}
}

func TestConfigurationAndLabels(t *testing.T) {
	t.Parallel()
	version := strings.TrimSpace(string(content(t, "../../VERSION")))
	for name, volumes := range map[string]map[string]any{station: {"/var/lib/telegraf-station": map[string]any{}}, centralImage: nil} {
		list := built(t, name)
		for _, manifest := range list.manifests(t) {
			config := list.image(t, manifest)
			require.Equal(t, "65532:65532", config.Config.User, "not root, and a number")
			require.Equal(t, []string{"/usr/bin/telegraf"}, config.Config.Entrypoint)
			require.Equal(t, volumes, config.Config.Volumes)
			require.Equal(t, int64(builtAt), config.Created.Unix())
			labels := config.Config.Labels
			require.Equal(t, name, labels["org.opencontainers.image.title"])
			require.Equal(t, version, labels["org.opencontainers.image.version"])
			require.Equal(t, "MIT", labels["org.opencontainers.image.licenses"])
			require.Equal(t, "https://github.com/telegraf-station/telegraf-station", labels["org.opencontainers.image.source"])
			require.NotEmpty(t, labels["org.opencontainers.image.description"])
			require.NotContains(t, labels, "io.buildah.version", "it would change the digest")
		}
	}
}

// An image contains nothing else, such as a shell. Unpacking all images takes a minute, so one test checks everything.
func TestFilesModesAndPrograms(t *testing.T) {
	t.Parallel()
	want := map[string]fs.FileMode{
		"etc": fs.ModeDir | 0o755, "etc/ssl": fs.ModeDir | 0o755, "etc/ssl/certs": fs.ModeDir | 0o755, "etc/ssl/certs/ca-certificates.crt": 0o644,
		"etc/telegraf": fs.ModeDir | 0o755, "etc/telegraf/telegraf.conf": 0o644,
		"etc/telegraf/telegraf.d": fs.ModeDir | 0o755, "etc/telegraf/telegraf.d/health.conf": 0o644,
		"usr": fs.ModeDir | 0o755, "usr/bin": fs.ModeDir | 0o755, "usr/bin/telegraf": 0o755, "usr/bin/stationctl": 0o755,
		"usr/share": fs.ModeDir | 0o755, "usr/share/doc": fs.ModeDir | 0o755,
		"usr/share/doc/telegraf-station": fs.ModeDir | 0o755, "usr/share/doc/telegraf-station/LICENSE": 0o644,
		"var": fs.ModeDir | 0o755, "var/lib": fs.ModeDir | 0o755,
	}
	const state = "var/lib/telegraf-station"
	for _, name := range []string{station, centralImage} {
		list := built(t, name)
		for _, manifest := range list.manifests(t) {
			found := list.files(t, manifest)
			if name == station {
				require.Equal(t, fs.ModeDir|0o755, found[state].FileInfo().Mode())
				require.Equal(t, []int{65532, 65532}, []int{found[state].Uid, found[state].Gid}, "the agent writes here")
				delete(found, state)
			}
			modes := map[string]fs.FileMode{}
			for path, each := range found {
				modes[path] = each.FileInfo().Mode()
				require.Equal(t, []int{0, 0}, []int{each.Uid, each.Gid}, path)
				require.Equal(t, int64(builtAt), each.ModTime.Unix(), path)
			}
			require.Equal(t, want, modes)
			requireStatic(t, manifest.Platform, found)
		}
	}
}

// requireStatic checks that both programs are statically linked and built for the platform.
func requireStatic(t *testing.T, platform platform, found map[string]file) {
	t.Helper()
	machines := map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64, "arm": elf.EM_ARM}
	for _, path := range []string{"usr/bin/telegraf", "usr/bin/stationctl"} {
		program := bytes.NewReader(found[path].content)
		binary, err := elf.NewFile(program)
		require.NoError(t, err)
		require.Equal(t, machines[platform.Architecture], binary.Machine)
		libraries, err := binary.ImportedLibraries()
		require.NoError(t, err)
		require.Empty(t, libraries)
		info, err := buildinfo.Read(program)
		require.NoError(t, err)
		require.Equal(t, strings.TrimPrefix(platform.Variant, "v"), setting(info, "GOARM"), path)
	}
}

func setting(info *buildinfo.BuildInfo, key string) string {
	for _, each := range info.Settings {
		if each.Key == key {
			return each.Value
		}
	}
	return ""
}

// The images contain the shipped configuration and CA certificates that Go can read.
func TestShippedFiles(t *testing.T) {
	t.Parallel()
	for name, configuration := range map[string]string{station: "pi", centralImage: "central"} {
		list := built(t, name)
		found := list.files(t, list.manifests(t)[0])
		require.Equal(t, string(content(t, "../../conf/"+configuration+"/telegraf.conf")), string(found["etc/telegraf/telegraf.conf"].content))
		require.Equal(t, string(content(t, "health.conf")), string(found["etc/telegraf/telegraf.d/health.conf"].content))
		certificates := found["etc/ssl/certs/ca-certificates.crt"].content
		require.True(t, x509.NewCertPool().AppendCertsFromPEM(certificates))
		require.Greater(t, bytes.Count(certificates, []byte("BEGIN CERTIFICATE")), 100)
	}
}

func content(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return text
}

// awaited repeats a check until it returns no error.
func awaited(t *testing.T, limit time.Duration, check func() error) {
	t.Helper()
	deadline := time.Now().Add(limit)
	for {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			require.NoError(t, err, "after %s", limit)
		}
		time.Sleep(200 * time.Millisecond)
	}
}
