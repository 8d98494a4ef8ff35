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

// container is an image for this processor, unpacked. Programs in it run as its user, see nothing of this machine but its network and
// devices (buildah's isolation "chroot"; a container engine does more), and have a root file system that cannot be written to.
type container struct {
	storage, root, name string
	said                image
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
	c.said = list.said(t, list.manifests(t)[0]) // buildah takes the one for this processor; they differ in nothing that is asked here
	c.name = c.buildah(t, "from", "--quiet", "oci:"+string(list)+":"+c.said.Config.Labels["org.opencontainers.image.version"])
	c.root = c.buildah(t, "mount", c.name)
	// buildah wants to make these in the root.
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

// readOnly makes a folder so, for a command and nobody else; but buildah puts a file into the folder run, and takes it away.
const readOnly = `mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && mount -t tmpfs -o mode=755 run "$1/run" && shift && exec "$@"`

// command runs a program of the container with the folder state as the station's volume.
func (c *container) command(state string, args ...string) process.Command {
	// With a space for process ids, whose end is that of all in it, if this test is ended in the middle.
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

// start runs what the image is for, as an engine does.
func (c *container) start(t *testing.T, state string) *process.Process {
	t.Helper()
	p, err := process.Start(c.command(state, slices.Concat(c.said.Config.Entrypoint, c.said.Config.Cmd)...))
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, p.Kill())
		if t.Failed() {
			t.Log(p.Tail())
		}
	})
	return p
}

// once runs another program of the image to its end. The exit status is the program's; but on a busy machine, about one time in 15,
// buildah 1.28 loses the output of a program that ends soon.
func (c *container) once(t *testing.T, args ...string) (output string, err error) {
	t.Helper()
	var printed bytes.Buffer
	command := c.command("", args...)
	command.Output = &printed
	err = process.Run(t.Context(), command)
	return printed.String(), err
}

// run runs a program until it has printed what is wanted.
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

// check is that of compose.yaml.
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

// agent is the process id of Telegraf in a container, on this machine.
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
	require.Fail(t, "no Telegraf runs", p.Tail())
	return 0
}

// requireNoRights checks that a process is not root, can become nothing else, and has a root that is read-only.
func requireNoRights(t *testing.T, pid int) {
	t.Helper()
	status := string(content(t, fmt.Sprintf("/proc/%d/status", pid)))
	require.Contains(t, status, "\nUid:\t65532\t65532\t65532\t65532\n")
	require.Contains(t, status, "\nGid:\t65532\t65532\t65532\t65532\n")
	require.Contains(t, status, "\nCapEff:\t0000000000000000\n")
	require.ErrorIs(t, os.WriteFile(fmt.Sprintf("/proc/%d/root/written", pid), nil, 0o600), unix.EROFS)
}
