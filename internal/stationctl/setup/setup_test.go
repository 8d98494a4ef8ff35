package setup

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/telegraf-station/telegraf-station/internal/serialport"
	"github.com/telegraf-station/telegraf-station/internal/stationctl/host"
	"github.com/telegraf-station/telegraf-station/test/bed/arduino"
)

// computer simulates a computer: USB ports in sysfs, each a pty, with the names of our udev rule.
func computer(t *testing.T, ports ...string) serialport.System {
	t.Helper()
	root := t.TempDir()
	s := serialport.System{Sys: root + "/sys", Proc: root + "/proc", Dev: root + "/dev"}
	for i, port := range ports {
		device := filepath.Join(s.Sys, "devices", fmt.Sprint(i))
		require.NoError(t, os.MkdirAll(device, 0o700))
		require.NoError(t, os.WriteFile(device+"/idVendor", []byte("2341\n"), 0o600))
		require.NoError(t, os.WriteFile(device+"/product", []byte("Uno\n"), 0o600))
		require.NoError(t, os.MkdirAll(filepath.Join(s.Sys, "class/tty", port), 0o700))
		require.NoError(t, os.Symlink(device, filepath.Join(s.Sys, "class/tty", port, "device")))
		board, err := arduino.Plug(filepath.Join(s.Dev, port))
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, board.Unplug()) })
	}
	return s
}

func newSession(t *testing.T, options Options) *session {
	t.Helper()
	dir := t.TempDir()
	options.Configuration, options.Environment = filepath.Join(dir, "telegraf.conf"), filepath.Join(dir, "environment")
	w := &session{Options: options, account: host.FindAccount(nil)}
	require.NoError(t, w.load())
	return w
}

func TestPortsAreListed(t *testing.T) {
	t.Parallel()
	system := computer(t, "ttyACM0", "ttyACM1")
	var shown bytes.Buffer
	i := dialog{newSession(t, Options{System: system}), &terminal{out: &shown}}
	i.listPorts()
	require.Equal(t, "\nConnected ports:\n  1  "+system.Dev+"/ttyACM0  "+system.Dev+"/ttyACM0  Uno\n  2  "+system.Dev+"/ttyACM1  "+system.Dev+"/ttyACM1  Uno\n", shown.String())
	require.Empty(t, i.preset(Port), "there are several")
	require.Equal(t, system.Dev+"/ttyACM1", i.byNumber("2"))
	require.Equal(t, "3", i.byNumber("3"))
	i.existing[Port] = system.Dev + "/ttyACM*"
	require.Equal(t, system.Dev+"/ttyACM*", i.preset(Port), "it is ambiguous, but it is the current port")
	i.existing[Port] = system.Dev + "/ttyACM1"
	require.Equal(t, system.Dev+"/ttyACM1", i.preset(Port))

	shown.Reset()
	none := dialog{newSession(t, Options{System: computer(t)}), &terminal{out: &shown}}
	none.listPorts()
	require.Equal(t, "\nNo USB serial port is connected; plug in the board.\n", shown.String())
}

func TestOnlyPortIsTheDefault(t *testing.T) {
	t.Parallel()
	system := computer(t, "ttyACM0")
	one := dialog{newSession(t, Options{System: system}), nil}
	require.Equal(t, system.Dev+"/ttyACM0", one.preset(Port))
	one.existing[Port] = "/dev/gone"
	require.Equal(t, system.Dev+"/ttyACM0", one.preset(Port))
	given := answers(Values{Brokers: "127.0.0.1:1"})
	delete(given, Port)
	batch := newSession(t, Options{System: system, Given: given})
	require.NoError(t, batch.unattended(t.Context()))
	require.Equal(t, system.Dev+"/ttyACM0", batch.answers[Port])
	batch = newSession(t, Options{System: computer(t), Given: given})
	require.ErrorContains(t, batch.unattended(t.Context()), "flag --port: missing; set the port of the board")
}

// TestSetupDuringService does not open the port of the service, and shows how to restart it.
func TestSetupDuringService(t *testing.T) {
	t.Parallel()
	system := computer(t, "ttyACM0")
	root, dir := t.TempDir(), t.TempDir()
	require.NoError(t, os.MkdirAll(root+"/usr/lib/systemd/system", 0o700))
	require.NoError(t, os.WriteFile(root+"/usr/lib/systemd/system/telegraf-station.service", []byte("[Service]\nUser=telegraf\nSupplementaryGroups=dialout tty\n"), 0o600))
	require.Equal(t, []string{"dialout", "tty"}, host.ExtraGroups(host.FindUnits(root)))
	options := Options{
		Configuration: dir + "/telegraf.conf", Environment: dir + "/environment", System: system, Root: root, Telegraf: "true",
		Given: answers(Values{Brokers: "127.0.0.1:1", Port: system.Dev + "/ttyACM0"}), Yes: true,
	}
	lock(t, system, "telegraf")
	result, err := Run(t.Context(), options)
	require.NoError(t, err)
	require.Nil(t, result.Reading)
	require.Contains(t, result.text(), "No reading was taken, because a running Telegraf uses "+system.Dev+"/ttyACM0.")
	require.Contains(t, result.text(), "restart the service: sudo systemctl restart telegraf-station\n")
	result, err = Run(t.Context(), options)
	require.NoError(t, err)
	require.Contains(t, result.text(), "If the service has not been restarted since the last change, run: sudo systemctl restart telegraf-station\n")
}

// lock simulates a process that has locked the port.
func lock(t *testing.T, system serialport.System, name string) {
	t.Helper()
	line := lockLine(t, system.Dev+"/ttyACM0")
	require.NoError(t, os.MkdirAll(system.Proc+"/4711", 0o700))
	require.NoError(t, os.WriteFile(system.Proc+"/4711/comm", []byte(name+"\n"), 0o600))
	require.NoError(t, os.WriteFile(system.Proc+"/locks", []byte(line), 0o600))
}

func TestReadingHasATimeLimit(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "telegraf")
	require.NoError(t, os.WriteFile(program, []byte("#!/bin/sh\necho waiting\nsleep 600\n"), 0o700)) //nolint:gosec // a program must be executable
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	reading, err := host.TakeReading(ctx, program, "/x", nil, host.FindAccount(nil))
	require.ErrorContains(t, err, "did not exit within 40s")
	require.Equal(t, "waiting\n", reading.Output)
}

func TestReadingIsTakenAsTheService(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can run programs as another user")
	}
	dir := t.TempDir()
	for _, folder := range []string{dir, filepath.Dir(dir)} {
		require.NoError(t, os.Chmod(folder, 0o755))
	}
	program := filepath.Join(dir, "telegraf")
	require.NoError(t, os.WriteFile(program, []byte("#!/bin/sh\necho \"> environment,device_id=roof $(id -u) $(id -g) $(id -G) $HOME $X\"\n"), 0o755)) //nolint:gosec // a program must be executable
	other := host.Account{User: serialport.User{Name: "daemon", UID: 1, Groups: []uint32{20}}, GID: 1, Home: "/nonexistent", Other: true}
	reading, err := host.TakeReading(t.Context(), program, "/x", map[string]string{"X": "of the file"}, other)
	require.NoError(t, err)
	require.Equal(t, []string{"> environment,device_id=roof 1 1 1 20 /nonexistent of the file"}, reading.Lines)

	file := filepath.Join(dir, "ca.pem")
	require.NoError(t, os.WriteFile(file, nil, 0o640)) //nolint:gosec // its mode is the case
	require.False(t, other.CanRead(file))
	require.NoError(t, os.Chmod(file, 0o644))
	require.True(t, other.CanRead(file))
	require.NoError(t, os.Chmod(dir, 0o700))
	require.False(t, other.CanRead(file))
	w := &session{account: other, configuration: &configuration{path: "/etc/telegraf-station/telegraf.conf"}}
	require.EqualError(t, w.probeCA(file), `user "daemon" cannot read `+file+`; run "sudo install -m 0644 `+file+` /etc/telegraf-station/ca.pem" and use the new file`)
}

func TestLinkIsFollowed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(dir+"/real.conf", nil, 0o600))
	require.NoError(t, os.Symlink("real.conf", dir+"/telegraf.conf"))
	_, err := Run(t.Context(), Options{
		Configuration: dir + "/telegraf.conf", Environment: dir + "/environment", System: computer(t), Root: dir, Given: answers(Values{Brokers: "127.0.0.1:1"}), Yes: true,
	})
	require.NoError(t, err)
	written, err := os.ReadFile(dir + "/real.conf")
	require.NoError(t, err)
	require.Contains(t, string(written), "GIST")
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, left, 2, "no temporary files")
}

func TestReadOnly(t *testing.T) {
	t.Parallel()
	require.NoError(t, checkWritable(filepath.Join(t.TempDir(), "a/b/telegraf.conf")))
	if err := checkWritable("/sys/telegraf.conf"); err != nil {
		require.True(t, strings.Contains(err.Error(), "read-only") || strings.Contains(err.Error(), "sudo"), err.Error())
	}
}

// lockLine is a line of /proc/locks for a file.
func lockLine(t *testing.T, path string) string {
	t.Helper()
	var status unix.Stat_t
	require.NoError(t, unix.Stat(path, &status))
	return fmt.Sprintf("1: FLOCK  ADVISORY  WRITE 4711 %02x:%02x:%d 0 EOF\n", unix.Major(status.Dev), unix.Minor(status.Dev), status.Ino)
}
