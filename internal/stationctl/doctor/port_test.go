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

	"github.com/telegraf-station/telegraf-station/internal/serialport"
)

func device(p *patient) string {
	path, err := filepath.EvalSymlinks(p.path("dev/ttyACM0"))
	require.NoError(p, err)
	return path
}

// holder makes up a process that has locked the port.
func holder(p *patient, name string) {
	var status unix.Stat_t
	require.NoError(p, unix.Stat(p.path("dev/ttyACM0"), &status))
	runs(p, name)
	p.file("proc/locks", fmt.Sprintf("1: FLOCK  ADVISORY  WRITE 4711 %02x:%02x:%d 0 EOF\n", unix.Major(status.Dev), unix.Minor(status.Dev), status.Ino))
}

func runs(p *patient, name string) { p.file("proc/4711/comm", name+"\n") }

func ends(p *patient) { require.NoError(p, os.RemoveAll(p.path("proc"))) }

func TestThePort(t *testing.T) {
	provoke(t, map[string]provocation{
		"another number": {
			check: "port", says: "DIR/dev/ttyACM7: no such device; plug in the board, or set port to a connected one: ", advice: setupWith("--port DIR/dev/ttyACM0"), called: "systemctl restart telegraf-station",
			breaks: func(p *patient) { p.edit("ttyACM0", "ttyACM7") },
		},
		"no board": {
			check: "port", says: "no USB serial port is there", advice: "plug the Arduino in", byHand: true,
			breaks: func(p *patient) { require.NoError(p, p.board.Unplug()) },
			then:   func(p *patient) { require.NoError(p, os.RemoveAll(p.path("sys"))); p.plug("ttyACM0") },
		},
		"the console": {
			check: "port", says: "it is the system's console", advice: "sudo raspi-config nonint do_serial_cons 1 && sudo reboot", called: "raspi-config nonint do_serial_cons 1\nsudo reboot\nreboot",
			breaks: func(p *patient) {
				p.options.System.Dev = "/dev/pts"
				p.file("sys/class/tty/console/active", filepath.Base(device(p))+"\n")
			},
			then: func(p *patient) { p.file("sys/class/tty/console/active", "tty1\n") },
		},
		"not in the group": {
			check: "permission", says: `user "nobody" is not in group "dialout"`, advice: "sudo usermod -aG dialout nobody && " + restart, called: "usermod -aG dialout nobody",
			breaks: func(p *patient) {
				asNobody(p)
				require.NoError(p, os.Chown(device(p), -1, 20))
				require.NoError(p, os.Chmod(device(p), 0o660))
			},
			then: func(p *patient) { p.options.Account.Groups = append(p.options.Account.Groups, 20) },
		},
		"no group may": {
			check: "permission", says: `and no group may (mode -rw-------)`, called: "udevadm trigger",
			advice: "sudo udevadm control --reload && sudo udevadm trigger --action=change --subsystem-match=tty",
			breaks: func(p *patient) {
				asNobody(p)
				require.NoError(p, os.Chmod(device(p), 0o600))
			},
			then: func(p *patient) {
				require.NoError(p, os.Chown(device(p), -1, 65534))
				require.NoError(p, os.Chmod(device(p), 0o660))
			},
		},
		"ModemManager has it": {
			check: "busy", says: "in use by ModemManager (pid 4711", advice: stopModemManager, called: "systemctl disable --now ModemManager",
			breaks: func(p *patient) { holder(p, "ModemManager") }, then: ends,
		},
		"a login has it": {
			check: "busy", says: "in use by agetty (pid 4711", advice: "sudo systemctl disable --now serial-getty@ttyACM0", called: "systemctl disable --now serial-getty@ttyACM0",
			breaks: func(p *patient) { holder(p, "agetty") }, then: ends,
		},
		"ModemManager runs": {
			check: "ModemManager", state: Doubtful, says: "no udev rule tells it not to", advice: stopModemManager, called: "systemctl disable --now ModemManager",
			breaks: func(p *patient) { runs(p, "ModemManager") }, then: ends,
		},
		"another baud rate": {
			check: "baud", says: "are no text at baud_rate = 9600; at baud_rate = 115200 all are", advice: setupWith("--baud-rate 115200"), called: "systemctl restart telegraf-station",
			breaks: func(p *patient) { p.options.Open = at(p.options.System, 115200) },
		},
		"silence": {
			check: "baud", says: "nothing came within 13s at 9600 baud", byHand: true,
			advice: "press the Arduino's reset button; look with the Arduino IDE's serial monitor whether its sketch prints at all",
			breaks: silence,
			then:   func(p *patient) { p.prints.Store(goodLine) },
		},
		"another format": {
			check: "reading", says: `it looks like line_format = "key_value": set that`, advice: edit + `line_format = "key_value"`, called: "sudoedit DIR/telegraf.conf",
			breaks: func(p *patient) {
				p.edit(`first_reading_timeout = "20s"`, `first_reading_timeout = "4s"`)
				p.prints.Store("temp=26.5,light=554,co_gas=117,lat=35.1,lon=126.9")
			},
			then: func(p *patient) {
				p.edit("baud_rate", `line_format = "key_value"`+"\n  baud_rate")
				p.prints.Store("temp=26.5,light=554,co_gas=117,alcohol_gas=9,dust=0.05,lat=35.1,lon=126.9")
			},
		},
		"a sensor that is torn off": {
			check: "reading", state: Doubtful, says: `"temp"`, called: "telegraf --test --config DIR/telegraf.conf",
			advice: "sudo -u root telegraf --test --config DIR/telegraf.conf  # after a look at the sensor and its wires",
			breaks: func(p *patient) { p.prints.Store(strings.Replace(goodLine, "26.52", "-999", 1)) },
			then:   func(p *patient) { p.prints.Store(goodLine); p.drain() },
		},
	})
}

// silence takes what the board has printed, and lets it print no more.
func silence(p *patient) {
	p.prints.Store("")
	p.drain()
}

// drain takes away what waits in the port.
func (p *patient) drain() {
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

// at opens ports whose bytes are text at one rate only.
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

// TestAPortThatAProgramHas ends a real program, as the advice says.
func TestAPortThatAProgramHas(t *testing.T) {
	t.Parallel()
	p := newStation(t)
	p.options.System.Proc = "/proc"
	locking := exec.CommandContext(t.Context(), "flock", "--no-fork", device(p), "sleep", "600") //nolint:gosec // a pty of the test's
	require.NoError(t, locking.Start())
	ended := make(chan struct{})
	go func() { _ = locking.Wait(); close(ended) }()
	require.Eventually(t, func() bool { return p.look("busy").State == Bad }, 20*time.Second, 50*time.Millisecond)
	found := p.look("busy")
	require.Contains(t, found.Text, fmt.Sprintf("in use by sleep (pid %d: sleep 600)", locking.Process.Pid))
	require.Equal(t, fmt.Sprintf("sudo kill %d  # sleep", locking.Process.Pid), found.Fix)
	p.follow(found.Fix)
	<-ended
	require.Equal(t, Good, p.look("busy").State)
}

// TestAPortThatTheServiceHas is no fault, and nobody disturbs it.
func TestAPortThatTheServiceHas(t *testing.T) {
	t.Parallel()
	p := newStation(t)
	holder(p, "telegraf")
	require.Equal(t, Finding{"busy", Good, "telegraf has it (pid 4711)", ""}, p.look("busy"))
	require.Equal(t, Finding{"baud", Unchecked, "not checked, since telegraf has the port: see delivery", ""}, p.look("baud"))
	require.Equal(t, Finding{"reading", Unchecked, "not checked, since telegraf has the port: see delivery", ""}, p.look("reading"))
}

func TestModemManagerThatLeavesThePortAlone(t *testing.T) {
	t.Parallel()
	p := newStation(t)
	runs(p, "ModemManager")
	var status unix.Stat_t
	require.NoError(t, unix.Stat(device(p), &status))
	p.file(fmt.Sprintf("run/udev/data/c%d:%d", unix.Major(status.Rdev), unix.Minor(status.Rdev)), "S:arduino-1\nE:ID_MM_PORT_IGNORE=1\n")
	require.Equal(t, Finding{"ModemManager", Good, "it runs, and leaves this port alone (udev)", ""}, p.look("ModemManager"))
}
