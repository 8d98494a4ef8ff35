package serialport

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func TestPorts(t *testing.T) {
	t.Parallel()
	s := fakeSystem(t)
	dev := func(name string) string { return filepath.Join(s.Dev, name) }
	require.NoError(t, os.WriteFile(filepath.Join(s.Sys, "devices/usb1/1-1/product"), []byte("Uno\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(s.Sys, "devices/usb1/1-1/manufacturer"), []byte("Arduino\n"), 0o600))
	require.NoError(t, os.Symlink("ttyACM1", dev("arduino-BBB222")))
	require.NoError(t, os.Remove(dev("ttyUSB1")))
	require.Equal(t, []USBPort{
		{dev("serial/by-id/usb-Arduino_Uno_AAA111"), dev("ttyACM0"), "Arduino Uno"},
		{dev("arduino-BBB222"), dev("ttyACM1"), ""},
		{dev("serial/by-path/platform-usb-0:1.3"), dev("ttyUSB0"), ""},
		{dev("ttyUSB2"), dev("ttyUSB2"), ""},
	}, s.Ports())
	require.Empty(t, System{Sys: "/nowhere", Dev: "/dev"}.Ports())
}

func TestCheck(t *testing.T) {
	t.Parallel()
	s := fakeSystem(t)
	me := User{Name: "telegraf", UID: 999}
	board := plug(t)
	require.NoError(t, os.Chmod(board.Path(), 0o666))
	require.NoError(t, s.Check(board.Path(), me))
	require.NoError(t, s.Check("tcp://127.0.0.1:1", me), "network ports are not tried")
	require.ErrorContains(t, s.Check(filepath.Join(s.Dev, "ttyACM7"), me), "no such device; plug in the board, or set port to a connected one: ")
	require.ErrorContains(t, s.Check(os.DevNull, me), "/dev/null: not a serial port; ")
	require.ErrorContains(t, s.Check(filepath.Join(s.Dev, "ttyACM0"), me), "not a serial port; ")

	require.NoError(t, os.Chmod(board.Path(), 0o620))
	info, err := os.Stat(board.Path())
	require.NoError(t, err)
	if uint32(os.Geteuid()) != 0 {
		t.Skip("the rest needs a port of root's")
	}
	require.EqualError(t, s.Check(board.Path(), me), board.Path()+
		`: permission denied: user "telegraf" cannot open it, nor can its group (mode -rw--w----); check that it is not the console port and that no udev rule is missing`)
	require.NoError(t, os.Chmod(board.Path(), 0o660))
	group := groupOf(t, info)
	require.EqualError(t, s.Check(board.Path(), me), board.Path()+`: permission denied: user "telegraf" is not in group "`+group.Name+
		`"; run "sudo usermod -aG `+group.Name+` telegraf" and restart Telegraf`)
	gid, err := strconv.ParseUint(group.Gid, 10, 32)
	require.NoError(t, err)
	me.Groups = []uint32{uint32(gid)}
	require.NoError(t, s.Check(board.Path(), me))
	require.NoError(t, s.Check(board.Path(), User{Name: "root"}))
	require.False(t, s.UsedByTelegraf(board.Path()))
}

// TestCheckOfAPortInUse fakes /proc: only the service is allowed to use the port.
func TestCheckOfAPortInUse(t *testing.T) {
	t.Parallel()
	s := fakeSystem(t)
	board := plug(t)
	var tty unix.Stat_t
	require.NoError(t, unix.Stat(board.Path(), &tty))
	require.NoError(t, os.MkdirAll(s.Proc+"/4711", 0o700))
	require.NoError(t, os.WriteFile(s.Proc+"/locks", fmt.Appendf(nil, "1: FLOCK  ADVISORY  WRITE 4711 %02x:%02x:%d 0 EOF\n", unix.Major(tty.Dev), unix.Minor(tty.Dev), tty.Ino), 0o600))
	usedBy := func(name string) error {
		require.NoError(t, os.WriteFile(s.Proc+"/4711/comm", []byte(name+"\n"), 0o600))
		return s.Check(board.Path(), User{Name: "root"})
	}
	require.EqualError(t, usedBy("agetty"), board.Path()+`: in use by agetty (pid 4711: ); a login prompt runs on this port; run "sudo raspi-config", choose "Interface Options", "Serial Port", disable the login shell, enable the hardware, and reboot`)
	require.False(t, s.UsedByTelegraf(board.Path()))
	require.NoError(t, usedBy("telegraf"))
	require.True(t, s.UsedByTelegraf(board.Path()))
}

func groupOf(t *testing.T, info os.FileInfo) *user.Group {
	t.Helper()
	status, ok := info.Sys().(*syscall.Stat_t)
	require.True(t, ok)
	group, err := user.LookupGroupId(strconv.FormatUint(uint64(status.Gid), 10))
	require.NoError(t, err)
	return group
}
