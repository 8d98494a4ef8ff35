package serialport

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.bug.st/serial"
	"golang.org/x/sys/unix"

	"github.com/telegraf-station/telegraf-station/test/bed/arduino"
	"github.com/telegraf-station/telegraf-station/test/bed/process"
)

var mode = &serial.Mode{BaudRate: 9600}

func plug(t *testing.T) *arduino.Board {
	t.Helper()
	board, err := arduino.Plug(filepath.Join(t.TempDir(), "ttyUSB0"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = board.Unplug() }) // it may be unplugged already
	return board
}

func open(t *testing.T, path string, reset Reset) Port {
	t.Helper()
	port, err := ThisSystem().Open(t.Context(), path, mode, reset)
	require.NoError(t, err)
	t.Cleanup(func() { _ = port.Close() })
	return port
}

func TestReadAndUnplug(t *testing.T) {
	board := plug(t)
	port := open(t, board.Path(), ResetAuto)
	require.NoError(t, board.Print("a line\n"))
	chunk := make([]byte, 100)
	n, err := port.Read(chunk)
	require.NoError(t, err)
	require.Equal(t, "a line\n", string(chunk[:n]))
	until := time.Now().Add(50 * time.Millisecond)
	require.NoError(t, port.SetReadDeadline(until))
	n, err = port.Read(chunk)
	require.NoError(t, err)
	require.Zero(t, n)
	require.False(t, time.Now().Before(until))
	require.NoError(t, port.SetReadDeadline(time.Time{}))
	require.NoError(t, board.Unplug())
	_, err = port.Read(chunk)
	require.ErrorIs(t, err, ErrLost)
	require.ErrorContains(t, err, board.Path()+": port lost; check the cable")
	require.NoError(t, port.Close())
}

func TestDescriptors(t *testing.T) {
	board := plug(t)
	before, err := process.Descriptors()
	require.NoError(t, err)
	for range 20 {
		require.NoError(t, open(t, board.Path(), ResetAuto).Close())
		_, err := ThisSystem().Open(t.Context(), "/dev/null", mode, ResetAuto)
		require.ErrorContains(t, err, "/dev/null: not a serial port; ")
	}
	after, err := process.Descriptors()
	require.NoError(t, err)
	require.Equal(t, before, after)
}

// An open port belongs to one program. This includes root and programs that take no lock.
func TestAPortHasOneReader(t *testing.T) {
	board := plug(t)
	port := open(t, board.Path(), ResetAuto)
	_, err := ThisSystem().Open(t.Context(), board.Path(), mode, ResetAuto)
	require.EqualError(t, err, board.Path()+": in use by this Telegraf; set a different port in each [[inputs.arduino_serial]]")

	descriptor, err := unix.Open(board.Path(), unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if os.Getuid() != 0 {
		require.ErrorIs(t, err, unix.EBUSY)
		return
	}
	require.NoError(t, err)
	exclusive, err := unix.IoctlGetInt(descriptor, unix.TIOCGEXCL)
	if !errors.Is(err, unix.ENOSYS) { // qemu-arm, which also runs these tests, lacks this ioctl
		require.NoError(t, err)
		require.NotZero(t, exclusive, "TIOCEXCL is set")
	}
	require.NoError(t, errors.Join(port.Close(), unix.Close(descriptor)))
}

// settings returns those of a port; a failed open must not change them.
func settings(t *testing.T, board *arduino.Board) unix.Termios {
	t.Helper()
	file, err := os.OpenFile(board.Path(), os.O_RDWR|unix.O_NOCTTY, 0)
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	termios, err := unix.IoctlGetTermios(int(file.Fd()), unix.TCGETS)
	require.NoError(t, err)
	return *termios
}

func TestABusyPortIsLeftAlone(t *testing.T) {
	for name, lock := range map[string]func(file *os.File) error{
		"locked":    func(file *os.File) error { return unix.Flock(int(file.Fd()), unix.LOCK_EX) },
		"exclusive": func(file *os.File) error { return unix.IoctlSetInt(int(file.Fd()), unix.TIOCEXCL, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			board := plug(t)
			holder, err := os.OpenFile(board.Path(), os.O_RDWR|unix.O_NOCTTY, 0)
			require.NoError(t, err)
			defer func() { require.NoError(t, holder.Close()) }()
			before := settings(t, board)
			require.NoError(t, lock(holder))
			if _, err := unix.IoctlGetInt(int(holder.Fd()), unix.TIOCGEXCL); name == "exclusive" && os.Getuid() == 0 && errors.Is(err, unix.ENOSYS) {
				return // root in qemu-arm, which lacks TIOCGEXCL
			}
			_, err = ThisSystem().Open(t.Context(), board.Path(), &serial.Mode{BaudRate: 115200, DataBits: 7}, ResetAuto)
			require.ErrorContains(t, err, board.Path()+": in use by ")
			after, err := unix.IoctlGetTermios(int(holder.Fd()), unix.TCGETS)
			require.NoError(t, err)
			require.Equal(t, before, *after)
		})
	}
}

// With HUPCL, the kernel switches DTR off on the last close, and the next open reboots the board.
func TestResetOnOpen(t *testing.T) {
	for reset, kept := range map[Reset]uint32{ResetAuto: 0, ResetNever: 0, ResetAlways: unix.HUPCL} {
		board := plug(t)
		file, err := os.OpenFile(board.Path(), os.O_RDWR|unix.O_NOCTTY, 0)
		require.NoError(t, err)
		termios, err := unix.IoctlGetTermios(int(file.Fd()), unix.TCGETS)
		require.NoError(t, err)
		termios.Cflag |= unix.HUPCL
		require.NoError(t, unix.IoctlSetTermios(int(file.Fd()), unix.TCSETS, termios))
		require.NoError(t, file.Close())
		require.NoError(t, open(t, board.Path(), reset).Close())
		require.Equal(t, kept, settings(t, board).Cflag&unix.HUPCL, reset)
	}
}

func TestResetIsAPulseOnDTR(t *testing.T) {
	var states []bool
	var fails error
	openLocked := func() *localPort {
		states = nil
		port, err := ThisSystem().openLocked(plug(t).Path())
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, port.Close()) })
		port.switchDTR = func(_ int, on bool) error {
			states = append(states, on)
			return fails
		}
		return port
	}
	require.NoError(t, openLocked().configure(mode, ResetAuto))
	require.NoError(t, openLocked().configure(mode, ResetNever))
	require.Empty(t, states)
	port := openLocked()
	require.NoError(t, port.configure(mode, ResetAlways))
	require.Equal(t, []bool{false, true}, states)
	require.NoError(t, port.Reset())
	require.Equal(t, []bool{false, true, false, true}, states)
	fails = unix.ENOTTY
	require.ErrorIs(t, port.Reset(), ErrNoReset)
	require.NoError(t, openLocked().configure(mode, ResetAlways), "a pty has no DTR line, but can be opened")
	require.ErrorIs(t, open(t, plug(t).Path(), ResetAuto).Reset(), ErrNoReset)
}

// An agent may have more files open than the select of the serial library supports.
func TestManyDescriptors(t *testing.T) {
	for range 1100 {
		file, err := os.Open(os.DevNull)
		require.NoError(t, err)
		defer func() { require.NoError(t, file.Close()) }()
	}
	board := plug(t)
	port := open(t, board.Path(), ResetAuto)
	require.NoError(t, board.Print("a line\n"))
	n, err := port.Read(make([]byte, 100))
	require.NoError(t, err)
	require.Equal(t, 7, n)
}

func TestLineErrorsOfADriverWithoutCounters(t *testing.T) {
	_, ok := open(t, plug(t).Path(), ResetAuto).LineErrors()
	require.False(t, ok)
}

func TestNetworkPort(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, listener.Close()) }()
	port := open(t, "tcp://"+listener.Addr().String(), ResetAlways)
	conn, err := listener.Accept()
	require.NoError(t, err)
	_, err = conn.Write([]byte("a line\n"))
	require.NoError(t, err)
	chunk := make([]byte, 100)
	n, err := port.Read(chunk)
	require.NoError(t, err)
	require.Equal(t, "a line\n", string(chunk[:n]))
	require.NoError(t, port.SetReadDeadline(time.Now()))
	n, err = port.Read(chunk)
	require.NoError(t, err)
	require.Zero(t, n)
	require.NoError(t, port.SetReadDeadline(time.Time{}))
	require.ErrorIs(t, port.Reset(), ErrNoReset)
	require.NoError(t, conn.Close())
	_, err = port.Read(chunk)
	require.ErrorIs(t, err, ErrLost)
	require.ErrorContains(t, err, "tcp://"+listener.Addr().String()+": port lost: EOF; check that ser2net is still running there")
}

func TestOpenErrorsIncludeTheFix(t *testing.T) {
	s := fakeSystem(t)
	fails := func(path string) string {
		_, err := s.Open(t.Context(), path, mode, ResetAuto)
		require.ErrorContains(t, err, path+": ")
		return err.Error()
	}
	dev := func(name string) string { return filepath.Join(s.Dev, name) }
	require.Equal(t, "/nowhere/ttyACM0"+`: no such device; plug in the board, or list the ports with "ls /dev/serial/by-id"`, fails("/nowhere/ttyACM0"))
	require.Equal(t, dev("ttyACM7")+": no such device; plug in the board, or set port to a connected one: "+dev("ttyACM0")+", "+dev("ttyACM1")+", "+
		dev("ttyUSB0")+", "+dev("ttyUSB1")+", "+dev("ttyUSB2"), fails(dev("ttyACM7")))
	require.Contains(t, fails(dev("ttyACM0")), dev("ttyACM0")+`: not a serial port; set port to one that "ls /dev/serial/by-id" lists`)
	require.Contains(t, fails("tcp://127.0.0.1:1"), "tcp://127.0.0.1:1: cannot connect: dial tcp 127.0.0.1:1: connect: connection refused; check that ser2net is running there")
	require.Equal(t, "/dev/x: the container or service is not permitted to use this device; pass it in (--device, DeviceAllow=)", s.withAdvice("/dev/x", unix.EPERM).Error())
	require.Contains(t, fails(s.Dev), s.Dev+": not a serial port; ")
	require.Equal(t, "/dev/x: cannot open the port: input/output error; unplug the Arduino and plug it in again", s.withAdvice("/dev/x", unix.EIO).Error())

	touch(t, dev("ttyAMA0"))
	require.NoError(t, os.Symlink("ttyAMA0", dev("serial0")))
	touch(t, filepath.Join(s.Sys, "class/tty/console/active"))
	require.NoError(t, os.WriteFile(filepath.Join(s.Sys, "class/tty/console/active"), []byte("ttyAMA0 tty1\n"), 0o600))
	require.Equal(t, dev("serial0")+`: the system console uses this port; run "sudo raspi-config", choose "Interface Options", "Serial Port", disable the login shell, enable the hardware, and reboot`,
		fails(dev("serial0")))
}

func TestPermissionAdvice(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	touch(t, file)
	current, err := user.Current()
	require.NoError(t, err)
	group, err := user.LookupGroupId(current.Gid)
	require.NoError(t, err)
	require.EqualError(t, ThisSystem().withAdvice(file, unix.EACCES), file+`: permission denied: user "`+current.Username+
		`" cannot open it, nor can its group (mode -rw-------); check that it is not the console port and that no udev rule is missing`)
	require.NoError(t, os.Chmod(file, 0o660))
	require.EqualError(t, ThisSystem().withAdvice(file, unix.EACCES), file+`: permission denied: user "`+current.Username+`" is not in group "`+
		group.Name+`"; run "sudo usermod -aG `+group.Name+" "+current.Username+`" and restart Telegraf`)
}

// TestPortUsedBy fakes /proc for programs that are not available here.
func TestPortUsedBy(t *testing.T) {
	var tty unix.Stat_t
	board := plug(t)
	require.NoError(t, unix.Stat(board.Path(), &tty))
	device, err := filepath.EvalSymlinks(board.Path())
	require.NoError(t, err)
	for name, test := range map[string]struct {
		program, command string
		open, locked     bool
		want             string
	}{
		"the service":     {"telegraf", "/usr/bin/telegraf\x00--config\x00/etc/telegraf-station/telegraf.conf\x00", false, true, `in use by telegraf (pid 4711: /usr/bin/telegraf --config /etc/telegraf-station/telegraf.conf); stop it first; if it is the service, run "sudo systemctl stop telegraf-station"`},
		"ModemManager":    {"ModemManager", "/usr/sbin/ModemManager\x00", true, false, `in use by ModemManager (pid 4711: /usr/sbin/ModemManager); it treats the Arduino as a modem; run "sudo systemctl disable --now ModemManager"`},
		"a login":         {"agetty", "/sbin/agetty\x00-\x00", true, true, `in use by agetty (pid 4711: /sbin/agetty -); a login prompt runs on this port; run "sudo raspi-config", choose "Interface Options", "Serial Port", disable the login shell, enable the hardware, and reboot`},
		"any program":     {"minicom", "minicom\x00", true, false, "in use by minicom (pid 4711: minicom); close it first"},
		"hidden":          {"minicom", "minicom\x00", false, false, `in use by a program of another user; find it with "sudo fuser -v ` + board.Path() + `" and close it`},
		"hidden, perhaps": {"ModemManager", "/usr/sbin/ModemManager\x00", false, false, `in use by a program of another user; find it with "sudo fuser -v ` + board.Path() + `" and close it; if it is ModemManager, run "sudo systemctl disable --now ModemManager"`},
	} {
		t.Run(name, func(t *testing.T) {
			s := System{Proc: t.TempDir(), Dev: "/dev", Sys: "/sys"}
			directory := filepath.Join(s.Proc, "4711")
			require.NoError(t, os.MkdirAll(directory+"/fd", 0o700))
			require.NoError(t, os.WriteFile(directory+"/comm", []byte(test.program+"\n"), 0o600))
			require.NoError(t, os.WriteFile(directory+"/cmdline", []byte(test.command), 0o600))
			require.NoError(t, os.Symlink("/dev/null", directory+"/fd/0"))
			if test.open {
				require.NoError(t, os.Symlink(device, directory+"/fd/3"))
			}
			locks := "1: POSIX  ADVISORY  WRITE 1 00:05:1 0 EOF\n"
			if test.locked {
				locks += fmt.Sprintf("2: FLOCK  ADVISORY  WRITE 4711 %02x:%02x:%d 0 EOF\n", unix.Major(tty.Dev), unix.Minor(tty.Dev), tty.Ino)
			}
			require.NoError(t, os.WriteFile(s.Proc+"/locks", []byte(locks), 0o600))
			require.EqualError(t, s.withAdvice(board.Path(), errBusy), board.Path()+": "+test.want)
		})
	}
}
