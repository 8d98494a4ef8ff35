//go:build real

package deb

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/test/bed/process"
)

// root is a small Debian system for one processor, in a directory.
type root struct {
	*testing.T
	arch, dir string
}

// newRoot unpacks a system without package sources: tests bring the packages that they install.
func newRoot(t *testing.T, arch string) *root {
	t.Helper()
	require.Zero(t, os.Getuid(), "run these tests as root: they use chroot")
	r := &root{T: t, arch: arch, dir: t.TempDir()}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
	defer cancel()
	require.NoError(t, process.Run(ctx, process.Command{Path: "../bed/install/debian-root.sh", Args: []string{arch, r.dir}, Output: os.Stderr}))
	require.NoError(t, os.Remove(r.path("etc/apt/sources.list")))
	r.write("etc/hosts", "127.0.0.1 localhost "+hostname(t)+"\n")
	return r
}

func hostname(t *testing.T) string {
	t.Helper()
	name, err := os.Hostname()
	require.NoError(t, err)
	return name
}

func (r *root) path(name string) string { return filepath.Join(r.dir, name) }

func (r *root) write(name, text string) {
	r.Helper()
	require.NoError(r, os.WriteFile(r.path(name), []byte(text), 0o600))
	require.NoError(r, os.Chmod(r.path(name), 0o644)) // for all users of the root
}

func (r *root) read(name string) string {
	r.Helper()
	text, err := os.ReadFile(r.path(name))
	require.NoError(r, err)
	return string(text)
}

// enter runs a script in the root. Its mounts are private and disappear with it, however it exits.
const enter = `mount -t proc proc "$1/proc"
mount --bind /dev/pts "$1/dev/pts"
mount -t sysfs -o ro sysfs "$1/sys"
exec chroot "$1" /bin/bash -euo pipefail -c "$2"`

// run runs a shell script in the root and returns its output.
func (r *root) run(script string) string {
	r.Helper()
	output, err := r.try(script)
	require.NoError(r, err, "%s\n%s", script, output)
	return output
}

func (r *root) try(script string, environment ...string) (string, error) {
	ctx, cancel := context.WithTimeout(r.Context(), 5*time.Minute)
	defer cancel()
	var output strings.Builder
	err := process.Run(ctx, process.Command{
		Path: "unshare", Args: []string{"--mount", "sh", "-ec", enter, "sh", r.dir, script}, Output: &output,
		Env: append([]string{"HOME=/root", "LC_ALL=C", "DEBIAN_FRONTEND=readline", "TELEGRAF_CONFIG_PATH="}, environment...),
	})
	return output.String(), err
}

// install copies a package into the root and installs it with apt.
func (r *root) install(file, flags string) string {
	r.Helper()
	data, err := os.ReadFile(file)
	require.NoError(r, err)
	r.write("root/"+filepath.Base(file), string(data))
	return r.run("apt-get install --yes --no-install-recommends " + flags + " /root/" + filepath.Base(file))
}

// files returns all files and links of the root with their content, except for those that every installation changes: files of dpkg and apt,
// logs, caches, and the lists of users, where the user of the package stays.
func (r *root) files() map[string]string {
	r.Helper()
	all := make(map[string]string)
	err := filepath.WalkDir(r.dir, func(path string, entry fs.DirEntry, err error) error {
		name := strings.TrimPrefix(path, r.dir)
		switch {
		case err != nil:
			return err
		case isOfTheSystem(name):
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case entry.Type()&fs.ModeSymlink != 0:
			all[name], err = os.Readlink(path)
		case entry.Type().IsRegular():
			var data []byte
			data, err = os.ReadFile(path) //nolint:gosec // no other process uses the root
			all[name] = string(data)
		default:
			all[name] = entry.Type().String()
		}
		return err
	})
	require.NoError(r, err)
	return all
}

func isOfTheSystem(name string) bool {
	for _, part := range []string{
		"/proc", "/dev", "/sys", "/root", "/var/lib/dpkg", "/var/lib/apt", "/var/log", "/var/cache", "/etc/passwd", "/etc/group",
		"/etc/shadow", "/etc/gshadow", "/etc/subuid", "/etc/subgid", "/tmp",
	} {
		if name == part || strings.HasPrefix(name, part+"/") || name == part+"-" {
			return true
		}
	}
	return false
}
