//go:build real

package images

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/telegraf-station/telegraf-station/test/bed/process"
)

// container is an unpacked image for this processor. Programs in it run as its user, see only the network and the devices of this machine
// (isolation "chroot" of buildah; a container engine isolates more), and have a read-only root file system.
type container struct {
	storage, root, name string
	config              image
	env                 []string
	health              string
}

func newContainer(t *testing.T, name string, env ...string) *container {
	t.Helper()
	list := built(t, name)
	port, err := process.ReservePort()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, port.Release()) })
	c := &container{storage: t.TempDir(), health: port.Address()}
	c.env = append([]string{"STATION_HEALTH=" + c.health}, env...)
	c.config = list.image(t, list.manifests(t)[0]) // the configuration used here is the same for all platforms
	c.name = c.buildah(t, "from", "--quiet", "oci:"+string(list)+":"+c.config.Config.Labels["org.opencontainers.image.version"])
	c.root = c.buildah(t, "mount", c.name)
	// buildah would create these in the root file system.
	for _, path := range []string{"run/.containerenv", "etc/hosts", "etc/resolv.conf", "etc/hostname"} {
		path = filepath.Join(c.root, path)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o750))
		require.NoError(t, os.WriteFile(path, nil, 0o600))
	}
	for _, path := range []string{"proc", "sys", "dev"} {
		require.NoError(t, os.MkdirAll(filepath.Join(c.root, path), 0o750))
	}
	return c
}

func (c *container) tool() []string {
	return []string{"buildah", "--root", filepath.Join(c.storage, "root"), "--runroot", filepath.Join(c.storage, "run"), "--storage-driver", "vfs"}
}

func (c *container) buildah(t *testing.T, args ...string) string {
	t.Helper()
	var output bytes.Buffer
	command := append(c.tool(), args...)
	err := process.Run(t.Context(), process.Command{Path: command[0], Args: command[1:], Output: &output, Env: []string{"TMPDIR=" + c.storage}})
	require.NoError(t, err, output.String())
	return strings.TrimSpace(output.String())
}

// readOnly makes a directory read-only for one command, except for its subdirectory run, where buildah creates a temporary file.
const readOnly = `mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && mount -t tmpfs -o mode=755 run "$1/run" && shift && exec "$@"`

// command returns a command that runs a program in the container, with the directory state as the volume of the station.
func (c *container) command(state string, args ...string) process.Command {
	// In a PID namespace, so that all processes are killed if this test is interrupted.
	command := []string{"--pid", "--fork", "--kill-child", "--mount-proc", "--mount", "--propagation", "private", "sh", "-c", readOnly, "sh", c.root}
	command = append(command, c.tool()...)
	command = append(command, "run", "--isolation", "chroot", "--network", "host")
	for _, variable := range c.env {
		command = append(command, "--env", variable)
	}
	if state != "" {
		command = append(command, "--volume", state+":/var/lib/telegraf-station")
	}
	command = append(command, c.name, "--")
	return process.Command{Path: "unshare", Args: append(command, args...), Env: []string{"TMPDIR=" + c.storage}}
}

// start runs the entry point of the image, like a container engine.
func (c *container) start(t *testing.T, state string) *process.Process {
	t.Helper()
	p, err := process.Start(c.command(state, slices.Concat(c.config.Config.Entrypoint, c.config.Config.Cmd)...))
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, p.Kill())
		if t.Failed() {
			t.Log(p.Tail())
		}
	})
	return p
}

// once runs another program of the image until it exits, and returns its exit status as an error. On a busy machine, about one time in 15,
// buildah 1.28 loses the output of a short-lived program.
func (c *container) once(t *testing.T, args ...string) (output string, err error) {
	t.Helper()
	var printed bytes.Buffer
	command := c.command("", args...)
	command.Output = &printed
	err = process.Run(t.Context(), command)
	return printed.String(), err
}

// run repeats a program until its output contains want, and returns the error of the last run.
func (c *container) run(t *testing.T, want string, args ...string) (err error) {
	t.Helper()
	awaited(t, time.Minute, func() error {
		var output string
		if output, err = c.once(t, args...); !strings.Contains(output, want) {
			return fmt.Errorf("%q is not in %q (%w)", want, output, err)
		}
		return nil
	})
	return err
}

// check is the health check of compose.yaml.
var check = []string{"/usr/bin/stationctl", "health", "--timeout", "1s"}

func (c *container) requireHealthy(t *testing.T) {
	t.Helper()
	awaited(t, time.Minute, func() error {
		output, err := c.once(t, check...)
		if err != nil {
			return fmt.Errorf("%w: %s", err, output)
		}
		return nil
	})
}

func (c *container) requireUnhealthy(t *testing.T, reason string) {
	t.Helper()
	require.Error(t, c.run(t, reason, check...))
}

// agent returns the process ID, on this machine, of Telegraf in a container.
func agent(t *testing.T, p *process.Process) int {
	t.Helper()
	names, err := filepath.Glob("/proc/[0-9]*/comm")
	require.NoError(t, err)
	for _, name := range names {
		var pid int
		_, err := fmt.Sscanf(name, "/proc/%d/comm", &pid)
		require.NoError(t, err)
		group, err := unix.Getpgid(pid)
		if comm, _ := os.ReadFile(name); err == nil && group == p.PID() && string(comm) == "telegraf\n" {
			return pid
		}
	}
	require.Fail(t, "Telegraf is not running", p.Tail())
	return 0
}

// requireUnprivileged checks that a process is not root, cannot gain privileges, and has a read-only root file system.
func requireUnprivileged(t *testing.T, pid int) {
	t.Helper()
	status := string(content(t, fmt.Sprintf("/proc/%d/status", pid)))
	require.Contains(t, status, "\nUid:\t65532\t65532\t65532\t65532\n")
	require.Contains(t, status, "\nGid:\t65532\t65532\t65532\t65532\n")
	require.Contains(t, status, "\nCapEff:\t0000000000000000\n")
	require.ErrorIs(t, os.WriteFile(fmt.Sprintf("/proc/%d/root/written", pid), nil, 0o600), unix.EROFS)
}
