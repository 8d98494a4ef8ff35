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

	"github.com/telegraf-station/telegraf-station/internal/outbox"
	"github.com/telegraf-station/telegraf-station/internal/serialport"
	"github.com/telegraf-station/telegraf-station/internal/service"
)

// setupWith is the advice to give setup another answer.
func setupWith(flags string) string {
	return "sudo stationctl setup " + flags + " --config DIR/telegraf.conf --environment DIR/environment --yes --no-test; " + restart
}

const edit = "sudoedit DIR/telegraf.conf  # "

// asNobody has Telegraf run as a user without rights; the folder is open to him.
func asNobody(p *patient) {
	if os.Geteuid() != 0 {
		p.Skip("only root can be somebody else")
	}
	for dir := p.dir; dir != filepath.Dir(os.TempDir()) && dir != "/"; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		require.NoError(p, err)
		require.NoError(p, os.Chmod(dir, info.Mode()|0o055))
	}
	p.options.Account = service.Account{User: serialport.User{Name: "nobody", UID: 65534, Groups: []uint32{65534}}, GID: 65534, Home: "/nonexistent", Other: true}
}

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

func TestTheComputer(t *testing.T) {
	provoke(t, map[string]provocation{
		"no telegraf": {
			check: "architecture", says: "there is no Telegraf", advice: "sudo apt-get install telegraf-station", called: "apt-get install telegraf-station",
			breaks: func(p *patient) { p.options.Telegraf = p.path("usr/telegraf") },
			then:   installTelegraf,
		},
		"telegraf of another processor": {
			check: "architecture", says: "telegraf is for S390, this computer is",
			advice: "sudo apt-get install --reinstall telegraf-station:$(dpkg --print-architecture)", called: "apt-get install --reinstall telegraf-station:",
			breaks: func(p *patient) {
				p.file("usr/telegraf", "\x7fELF\x02\x02\x01"+strings.Repeat("\x00", 9)+"\x00\x02\x00\x16\x00\x00\x00\x01"+strings.Repeat("\x00", 28)+"\x00\x40\x00\x38"+strings.Repeat("\x00", 8))
				p.options.Telegraf = p.path("usr/telegraf")
				require.NoError(p, os.Chmod(p.options.Telegraf, 0o700))
			},
			then: installTelegraf,
		},
		"no configuration": {
			check: "files", says: "there is no DIR/telegraf.conf", advice: "sudo stationctl setup",
			breaks: func(p *patient) { require.NoError(p, os.Remove(p.options.Configuration)) },
			mapped: strings.NewReplacer("setup", "setup --yes --no-test --config telegraf.conf --environment environment --site JNU --index 1 --type rasp --device-id roof --port DIR/dev/ttyACM0 --brokers BROKERS --replication-factor 1"),
		},
		"a configuration that the service cannot read": {
			check: "files", says: `user "nobody", who Telegraf runs as, may not read DIR/telegraf.conf`, advice: "sudo chgrp telegraf DIR/telegraf.conf && sudo chmod 0640 DIR/telegraf.conf",
			breaks: asNobody, mapped: strings.NewReplacer("chgrp telegraf", "chgrp 65534"),
		},
		"secrets for everybody": {
			check: "files", state: Doubtful, says: "everybody on this computer may read the secrets in DIR/environment", advice: "sudo chmod o= DIR/environment",
			breaks: func(p *patient) {
				p.file("environment", "KAFKA_PASSWORD=secret\n")
				require.NoError(p, os.Chmod(p.path("environment"), 0o644))
			},
		},
		"a misspelled option": {
			check: "configuration", says: `configuration specified the fields ["baud_rat"]`, advice: edit + "mend what it says", called: "sudoedit DIR/telegraf.conf",
			breaks: func(p *patient) { p.edit("baud_rate", "baud_rat") },
			then:   func(p *patient) { p.edit("baud_rat", "baud_rate") },
		},
		"a bad value": {
			check: "configuration", says: `option "site" must not contain "_"`, advice: edit + "mend what it says", called: "sudoedit DIR/telegraf.conf",
			breaks: func(p *patient) { p.edit(`site = "JNU"`, `site = "J_NU"`) },
			then:   func(p *patient) { p.edit("J_NU", "JNU") },
		},
		"a clock that was never set": {
			check: "clock", says: "it shows 1970-01-01T00:01:00Z: it was not set since the start", advice: setClock, called: "timedatectl set-ntp true",
			breaks: func(p *patient) { p.options.Clock = func() (time.Time, bool) { return time.Unix(60, 0), false } },
			then:   keepClock,
		},
		"a clock that nothing keeps": {
			check: "clock", state: Doubtful, says: "but nothing keeps it right (NTP)", advice: setClock, called: "timedatectl set-ntp true",
			breaks: func(p *patient) { p.options.Clock = func() (time.Time, bool) { return time.Now(), false } },
			then:   keepClock,
		},
	})
}

func installTelegraf(p *patient) {
	built, err := programs()
	require.NoError(p, err)
	p.options.Telegraf = filepath.Join(built, "telegraf")
}

func keepClock(p *patient) { p.options.Clock = func() (time.Time, bool) { return time.Now(), true } }

func provoke(t *testing.T, table map[string]provocation) {
	t.Helper()
	for name, c := range table {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.run(t, newStation(t, c.settings...))
		})
	}
}

func TestThePort(t *testing.T) {
	provoke(t, map[string]provocation{
		"another number": {
			check: "port", says: "DIR/dev/ttyACM7: no such device: is it one of these?", advice: setupWith("--port DIR/dev/ttyACM0"), called: "systemctl restart telegraf-station",
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

func records(n int) (all []*outbox.Record) {
	for i := range n {
		all = append(all, &outbox.Record{Queue: "JNU_1_rasp", Key: "roof", Time: time.Now().UnixNano(), Value: fmt.Appendf(nil, `{"light":%d}`, i)})
	}
	return all
}

func TestTheOutbox(t *testing.T) {
	provoke(t, map[string]provocation{
		"none": {
			check: "outbox", state: Doubtful, says: "there is none: readings that Kafka does not have are in memory only", advice: edit + `outbox = "/var/lib/telegraf-station/outbox"`, called: "sudoedit DIR/telegraf.conf",
			breaks: func(p *patient) { p.edit(`outbox = "`, `#outbox = "`) },
			then:   func(p *patient) { p.edit(`#outbox = "`, `outbox = "`) },
		},
		"of another user": {
			check: "outbox", says: `user "nobody" may not write DIR/outbox`, advice: "sudo chown -R nobody:nogroup DIR/outbox && sudo chmod -R u+rwX DIR/outbox", breaks: asNobody,
		},
		"that cannot be made": {
			check: "outbox", says: `there is no DIR/mnt/outbox, and user "nobody" may not make it`, advice: "sudo install -d -m 0750 -o nobody -g nogroup DIR/mnt/outbox",
			breaks: func(p *patient) { asNobody(p); p.edit(p.path("outbox"), p.path("mnt/outbox")) },
		},
		"a file in its place": {
			check: "outbox", says: "DIR/environment is no directory", advice: edit + `outbox = "/var/lib/telegraf-station/outbox"`, called: "sudoedit DIR/telegraf.conf",
			breaks: func(p *patient) { p.edit(p.path("outbox"), p.path("environment")) },
			then:   func(p *patient) { p.edit(`outbox = "`+p.path("environment"), `outbox = "`+p.path("outbox")) },
		},
		"in memory": {
			check: "outbox disk", state: Doubtful, says: "DIR/outbox is on a file system of kind tmpfs", advice: edit + "outbox = a directory on a disk", called: "sudoedit DIR/telegraf.conf",
			breaks: func(p *patient) { p.disk(Disk{Volatile: "tmpfs", Free: 1 << 30, Size: 1 << 30}) },
			then:   func(p *patient) { p.disk(Disk{Free: 1 << 30, Size: 1 << 30}) },
		},
		"on a full disk": {
			check: "outbox disk", state: Doubtful, says: "10 MB are free on the disk of DIR/outbox", advice: "sudo apt-get clean && sudo journalctl --vacuum-size=50M", called: "journalctl --vacuum-size=50M",
			breaks: func(p *patient) { p.disk(Disk{Free: 10 << 20, Size: 1 << 34}) },
			then:   func(p *patient) { p.disk(Disk{Free: 1 << 30, Size: 1 << 34}) },
		},
		"full": {
			check: "outbox room", state: Doubtful, says: "it is full to 95% (95 records since ", advice: edit + "outbox_max_size and outbox_max_records: more, if the disk has it", called: "sudoedit DIR/telegraf.conf",
			breaks: func(p *patient) {
				p.edit("[[outputs.kafka_site]]", "[[outputs.kafka_site]]\n  outbox_max_records = 100")
				require.NoError(p, p.box.Append(records(95)))
			},
			then: func(p *patient) { p.edit("outbox_max_records = 100", "outbox_max_records = 1000") },
		},
		"parked records": {
			check: "parked", state: Doubtful, says: "1 record(s) could not be delivered as they are (stationctl outbox list): it is too large", advice: "sudo stationctl outbox replay --all --outbox DIR/outbox",
			breaks: func(p *patient) {
				require.NoError(p, p.box.ParkMetric(&outbox.Parked{Reason: "it is too large", Queue: "JNU_1_rasp", Value: "{}"}))
			},
		},
		"damaged records": {
			check: "damaged", state: Doubtful, says: "1 record(s) cannot be read", advice: restart, called: "systemctl restart telegraf-station",
			breaks: damage,
			then:   func(p *patient) { p.restart(); p.deliver() },
		},
		"nobody delivers": {
			check: "service", says: "no Telegraf runs with DIR/outbox", advice: "sudo systemctl enable --now telegraf-station", called: "systemctl enable --now telegraf-station",
			breaks: func(p *patient) { require.NoError(p, p.box.Close()) },
			then:   func(p *patient) { p.restart() },
		},
		"no record": {
			check: "delivery", says: "JNU_1_rasp has no record", advice: restart, called: "systemctl restart telegraf-station",
			breaks: func(p *patient) { p.topic() },
			then:   func(p *patient) { p.produce(time.Now()) },
		},
		"old records": {
			check: "delivery", says: "the newest record of JNU_1_rasp is 2h0m", advice: restart, called: "systemctl restart telegraf-station",
			breaks: func(p *patient) { p.produce(time.Now().Add(-2 * time.Hour)) },
			then:   func(p *patient) { p.produce(time.Now()) },
		},
	})
}

func (p *patient) disk(disk Disk) { p.options.Disk = func(string) (Disk, error) { return disk, nil } }

// restart is what the service's restart does to the outbox.
func (p *patient) restart() {
	p.Helper()
	require.NoError(p, p.box.Close())
	p.box = outbox.New(outbox.Options{Dir: p.path("outbox"), MaxBytes: 1 << 30, MaxRecords: 1000})
	require.NoError(p, p.box.Attach())
	p.Cleanup(func() { require.NoError(p, p.box.Close()) })
}

// deliver is what a running Telegraf does with what waits.
func (p *patient) deliver() {
	p.Helper()
	for _, queue := range p.box.Available() {
		p.box.Settle(p.box.Take(queue, 100, 1<<20))
	}
	require.NoError(p, p.box.Append(records(1)))
	require.FileExists(p, p.first("outbox/quarantine/*"))
}

func (p *patient) first(pattern string) string {
	p.Helper()
	found, err := filepath.Glob(p.path(pattern))
	require.NoError(p, err)
	require.NotEmpty(p, found)
	return found[0]
}

// damage flips a byte of a record that waits.
func damage(p *patient) {
	for _, r := range records(3) {
		require.NoError(p, p.box.Append([]*outbox.Record{r}))
	}
	require.NoError(p, p.box.Close())
	log := p.first("outbox/log/*.log")
	text, err := os.ReadFile(log)
	require.NoError(p, err)
	at := strings.Index(string(text), `{"light":1}`)
	require.Positive(p, at)
	text[at] ^= 1
	require.NoError(p, os.WriteFile(log, text, 0o600))
}
