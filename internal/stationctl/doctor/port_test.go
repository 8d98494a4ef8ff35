package doctor

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.bug.st/serial"
	"golang.org/x/sys/unix"

	"github.com/telegraf-station/telegraf-station/internal/installed"
	"github.com/telegraf-station/telegraf-station/internal/serialport"
)

func device(p *computer) string {
	path, err := filepath.EvalSymlinks(p.path("dev/ttyACM0"))
	require.NoError(p, err)
	return path
}

// holder simulates a process that has locked the port.
func holder(p *computer, name string) {
	var status unix.Stat_t
	require.NoError(p, unix.Stat(p.path("dev/ttyACM0"), &status))
	runs(p, name)
	p.file("proc/locks", fmt.Sprintf("1: FLOCK  ADVISORY  WRITE 4711 %02x:%02x:%d 0 EOF\n", unix.Major(status.Dev), unix.Minor(status.Dev), status.Ino))
}

func runs(p *computer, name string) { p.file("proc/4711/comm", name+"\n") }

func ends(p *computer) { require.NoError(p, os.RemoveAll(p.path("proc"))) }

func TestPortFaults(t *testing.T) {
	testFaults(t, map[string]fault{
		"another number": {
			check: "port", text: "DIR/dev/ttyACM7: no such device", fix: setupWith("--port DIR/dev/ttyACM0"), called: "systemctl restart telegraf-station",
			cause: func(p *computer) { p.edit("ttyACM0", "ttyACM7") },
		},
		"no board": {
			check: "port", text: "no USB serial port is connected", fix: "plug in the board", manual: true,
			cause:  func(p *computer) { require.NoError(p, p.board.Unplug()) },
			repair: func(p *computer) { require.NoError(p, os.RemoveAll(p.path("sys"))); p.plug("ttyACM0") },
		},
		"the console": {
			check: "port", text: "system console", fix: "sudo raspi-config nonint do_serial_cons 1 && sudo reboot", called: "raspi-config nonint do_serial_cons 1\nsudo reboot\nreboot",
			cause: func(p *computer) {
				p.options.System.Dev = "/dev/pts"
				p.file("sys/class/tty/console/active", filepath.Base(device(p))+"\n")
			},
			repair: func(p *computer) { p.file("sys/class/tty/console/active", "tty1\n") },
		},
		"not in the group": {
			check: "permission", text: `user "daemon" is not in group "dialout"`, fix: "sudo usermod -aG dialout daemon && " + installed.Restart, called: "usermod -aG dialout daemon",
			cause: func(p *computer) {
				runAsDaemon(p)
				require.NoError(p, os.Chown(device(p), -1, 20))
				require.NoError(p, os.Chmod(device(p), 0o660))
			},
			repair: func(p *computer) { p.options.Account.Groups = append(p.options.Account.Groups, 20) },
		},
		"no group has access": {
			check: "permission", text: `mode -rw-------`, called: "udevadm trigger",
			fix: "sudo udevadm control --reload && sudo udevadm trigger --action=change --subsystem-match=tty",
			cause: func(p *computer) {
				runAsDaemon(p)
				require.NoError(p, os.Chmod(device(p), 0o600))
			},
			repair: func(p *computer) {
				require.NoError(p, os.Chown(device(p), -1, 1))
				require.NoError(p, os.Chmod(device(p), 0o660))
			},
		},
		"used by ModemManager": {
			check: "busy", text: "ModemManager (pid 4711", fix: fixModemManager, called: "systemctl disable --now ModemManager",
			cause: func(p *computer) { holder(p, "ModemManager") }, repair: ends,
		},
		"used by a login": {
			check: "busy", text: "agetty (pid 4711", fix: "sudo systemctl disable --now serial-getty@ttyACM0", called: "systemctl disable --now serial-getty@ttyACM0",
			cause: func(p *computer) { holder(p, "agetty") }, repair: ends,
		},
		"ModemManager runs": {
			check: "ModemManager", state: Warning, text: "because no udev rule excludes the port", fix: fixModemManager, called: "systemctl disable --now ModemManager",
			cause: func(p *computer) { runs(p, "ModemManager") }, repair: ends,
		},
		"another baud rate": {
			check: "baud", text: "are not text at baud_rate = 9600; at baud_rate = 115200, all are", fix: setupWith("--baud-rate 115200"), called: "systemctl restart telegraf-station",
			cause: func(p *computer) { p.options.Open = at(p.options.System, 115200) },
		},
		"silence": {
			check: "baud", text: "no output within 500ms at 9600 baud", manual: true,
			fix:    "press the reset button of the board; check with the serial monitor of the Arduino IDE that the sketch prints",
			cause:  silence,
			repair: func(p *computer) { p.prints.Store(goodLine) },
		},
		"another format": {
			check: "reading", text: `it looks like line_format = "key_value"`, fix: editConfiguration + `line_format = "key_value"`, called: "sudoedit DIR/telegraf.conf",
			cause: func(p *computer) {
				p.edit(`first_reading_timeout = "20s"`, `first_reading_timeout = "4s"`)
				p.prints.Store("temp=26.5,light=554,co_gas=117,lat=35.1,lon=126.9")
			},
			repair: func(p *computer) {
				p.edit("baud_rate", `line_format = "key_value"`+"\n  baud_rate")
				p.prints.Store("temp=26.5,light=554,co_gas=117,alcohol_gas=9,dust=0.05,lat=35.1,lon=126.9")
			},
		},
		"a broken sensor": {
			check: "reading", state: Warning, text: `"temp"`, called: "telegraf --test --config DIR/telegraf.conf",
			fix:    "sudo -u root telegraf --test --config DIR/telegraf.conf  # after you have checked the sensor and its wiring",
			cause:  func(p *computer) { p.prints.Store(strings.Replace(goodLine, "26.52", "-999", 1)) },
			repair: func(p *computer) { p.prints.Store(goodLine); p.drain() },
		},
	})
}

// silence stops the board and discards what it has printed.
func silence(p *computer) {
	p.prints.Store("")
	p.drain()
}

// drain discards the bytes in the port.
func (p *computer) drain() {
	port, err := p.options.System.Open(p.Context(), p.path("dev/ttyACM0"), &serial.Mode{BaudRate: 9600, DataBits: 8}, serialport.ResetNever)
	require.NoError(p, err)
	defer port.Close() //nolint:errcheck // it was only read
	chunk := make([]byte, 1<<16)
	for range 2 {
		require.NoError(p, port.SetReadDeadline(time.Now().Add(readTime)))
		_, err := port.Read(chunk)
		require.NoError(p, err)
	}
}

// at opens ports whose bytes are text only at one rate.
func at(system serialport.System, rate int) func(context.Context, string, *serial.Mode, serialport.Reset) (serialport.Port, error) {
	return func(ctx context.Context, path string, mode *serial.Mode, reset serialport.Reset) (serialport.Port, error) {
		port, err := system.Open(ctx, path, mode, reset)
		if err == nil && mode.BaudRate != rate {
			port = garbled{port}
		}
		return port, err
	}
}

type garbled struct{ serialport.Port }

func (g garbled) Read(chunk []byte) (int, error) {
	n, err := g.Port.Read(chunk)
	for i := range chunk[:n] {
		chunk[i] ^= 0xa5
	}
	return n, err
}

// TestPortInUseByAProgram ends a real program with the suggested command.
func TestPortInUseByAProgram(t *testing.T) {
	t.Parallel()
	p := newStation(t)
	p.options.System.Proc = "/proc"
	locking := exec.CommandContext(t.Context(), "flock", "--no-fork", device(p), "sleep", "600") //nolint:gosec // a pty of the test's
	require.NoError(t, locking.Start())
	ended := make(chan struct{})
	go func() { _ = locking.Wait(); close(ended) }()
	require.Eventually(t, func() bool { return p.finding("busy").State == Failed }, 20*time.Second, 50*time.Millisecond)
	found := p.finding("busy")
	require.Contains(t, found.Text, fmt.Sprintf("sleep (pid %d", locking.Process.Pid))
	require.Equal(t, fmt.Sprintf("sudo kill %d  # sleep", locking.Process.Pid), found.Fix)
	p.runFix(found.Fix)
	<-ended
	require.Equal(t, OK, p.finding("busy").State)
}

// TestPortInUseByTheService is not a fault, and the port is not opened.
func TestPortInUseByTheService(t *testing.T) {
	t.Parallel()
	p := newStation(t)
	holder(p, "telegraf")
	require.Equal(t, Finding{"busy", OK, "telegraf is using it (pid 4711)", ""}, p.finding("busy"))
	require.Equal(t, Finding{"baud", Unchecked, "not checked: telegraf is using the port; see delivery", ""}, p.finding("baud"))
	require.Equal(t, Finding{"reading", Unchecked, "not checked: telegraf is using the port; see delivery", ""}, p.finding("reading"))
}

func TestModemManagerIgnoresThePort(t *testing.T) {
	t.Parallel()
	p := newStation(t)
	runs(p, "ModemManager")
	var status unix.Stat_t
	require.NoError(t, unix.Stat(device(p), &status))
	p.file(fmt.Sprintf("run/udev/data/c%d:%d", unix.Major(status.Rdev), unix.Minor(status.Rdev)), "S:arduino-1\nE:ID_MM_PORT_IGNORE=1\n")
	require.Equal(t, Finding{"ModemManager", OK, "running, but it ignores this port (udev rule)", ""}, p.finding("ModemManager"))
}
