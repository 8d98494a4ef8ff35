package doctor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/telegraf-station/telegraf-station/internal/outbox"
	"github.com/telegraf-station/telegraf-station/internal/serialport"
	"github.com/telegraf-station/telegraf-station/internal/stationctl/host"
	"github.com/telegraf-station/telegraf-station/test/bed/arduino"
	"github.com/telegraf-station/telegraf-station/test/bed/process"
	telegrafs "github.com/telegraf-station/telegraf-station/test/bed/telegraf"
)

// programs returns the directory with our programs, built once for all tests.
var programs = sync.OnceValues(func() (dir string, err error) {
	if dir, err = os.MkdirTemp("", "doctor-"); err != nil {
		return "", err
	}
	telegraf, err := telegrafs.Build(context.Background(), os.Stderr)
	if err != nil {
		return "", err
	}
	if err := os.Symlink(telegraf, filepath.Join(dir, "telegraf")); err != nil {
		return "", err
	}
	return dir, process.Run(context.Background(), process.Command{
		Path: "go", Args: []string{"build", "-o", filepath.Join(dir, "stationctl"), "../../../cmd/stationctl"}, Output: os.Stderr,
	})
})

func TestMain(m *testing.M) {
	code := m.Run()
	if !testing.Short() {
		if dir, err := programs(); err == nil {
			_ = os.RemoveAll(dir)
		}
	}
	os.Exit(code)
}

// computer is a station or a central host in a directory: simulated (but its ports are ptys), with Kafka in this process and our real
// programs. Programs that change the system, such as systemctl, are stand-ins on PATH that record how they were called.
type computer struct {
	*testing.T
	options   Options
	dir       string
	text      string // of the configuration
	kafka     *kfake.Cluster
	addresses []string // of the brokers
	board     *arduino.Board
	prints    atomic.Value // the board's line
	fixed     atomic.Bool
	box       *outbox.Outbox
}

// stationText is a configuration of a station.
const stationText = `[agent]
  omit_hostname = true
  skip_processors_after_aggregators = true
[[inputs.arduino_serial]]
  port = "DIR/dev/ttyACM0"
  baud_rate = 9600
  device_id = "roof"
  site = "JNU"
  index = "1"
  type = "rasp"
  first_reading_timeout = "20s"
[[outputs.kafka_site]]
  brokers = ["BROKERS"]
  replication_factor = 1
  outbox = "DIR/outbox"
`

// newStation returns a healthy station.
func newStation(t *testing.T, settings ...kfake.Opt) *computer {
	t.Helper()
	p := newComputer(t, settings...)
	p.plug("ttyACM0")
	p.text = strings.NewReplacer("DIR", p.dir, "BROKERS", p.brokers()).Replace(stationText)
	p.write()
	p.box = outbox.New(outbox.Options{Dir: p.path("outbox"), MaxBytes: 1 << 30, MaxRecords: 1000})
	require.NoError(t, p.box.Open())
	t.Cleanup(func() { require.NoError(t, p.box.Close()) })
	return p
}

func newComputer(t *testing.T, settings ...kfake.Opt) *computer {
	t.Helper()
	if testing.Short() {
		t.Skip("slow: builds Telegraf and stationctl")
	}
	p := &computer{T: t, dir: t.TempDir()}
	var err error
	p.kafka, err = kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(1), kfake.ListenFn(process.Listen)}, settings...)...)
	require.NoError(t, err)
	t.Cleanup(p.kafka.Close)
	p.addresses = p.kafka.ListenAddrs()
	system := serialport.System{Sys: p.path("sys"), Proc: p.path("proc"), Dev: p.path("dev")}
	built, err := programs()
	require.NoError(t, err)
	p.options = Options{
		Configuration: p.path("telegraf.conf"), Environment: p.path("environment"), Telegraf: filepath.Join(built, "telegraf"),
		System: system, Root: p.dir, Account: host.FindAccount(nil), Open: system.Open,
		FirstLine: 500 * time.Millisecond, OtherRate: 300 * time.Millisecond, TLSHandshake: 2 * time.Second,
		Clock: func() (time.Time, bool) { return time.Now(), true },
		Disk:  func(string) (Disk, error) { return Disk{Free: 1 << 30, Size: 1 << 34}, nil },
	}
	p.file("environment", "")
	for _, name := range []string{"systemctl", "usermod", "udevadm", "timedatectl", "ssh", "sudoedit", "apt-get", "journalctl", "raspi-config", "reboot", "fuser"} {
		p.standIn(name, "")
	}
	p.standIn("sudo", `[ "$1" != -u ] || shift 2; exec "$@"`)
	return p
}

func (p *computer) path(name string) string { return filepath.Join(p.dir, name) }

func (p *computer) file(name, text string) {
	p.Helper()
	require.NoError(p, os.MkdirAll(filepath.Dir(p.path(name)), 0o700))
	require.NoError(p, os.WriteFile(p.path(name), []byte(text), 0o600))
}

func (p *computer) write() { p.file("telegraf.conf", p.text) }

// edit changes the configuration as a user with an editor does.
func (p *computer) edit(from, to string) {
	p.Helper()
	text, err := os.ReadFile(p.options.Configuration)
	require.NoError(p, err)
	require.Contains(p, string(text), from)
	p.text = strings.ReplaceAll(string(text), from, to)
	p.write()
}

// standIn is a program on PATH.
func (p *computer) standIn(name, script string) {
	p.Helper()
	p.file("bin/"+name, fmt.Sprintf("#!/bin/sh\necho \"%s $*\" >>'%s'\n%s\n", name, p.path("calls"), script))
	require.NoError(p, os.Chmod(p.path("bin/"+name), 0o700))
}

// plug adds a board that prints a reading ten times a second.
func (p *computer) plug(port string) {
	p.Helper()
	device := p.path("sys/devices/" + port)
	p.file("sys/devices/"+port+"/idVendor", "2341\n")
	p.file("sys/devices/"+port+"/product", "Uno\n")
	require.NoError(p, os.MkdirAll(p.path("sys/class/tty/"+port), 0o700))
	require.NoError(p, os.Symlink(device, p.path("sys/class/tty/"+port+"/device")))
	var err error
	p.board, err = arduino.Plug(p.path("dev/" + port))
	require.NoError(p, err)
	p.talk(p.board)
}

const goodLine = `{"lat":35.17959,"lon":126.90822,"alcohol_gas":9,"co_gas":117,"temp":26.52,"light":554,"dust":0.05}`

// talk has the board print the text in prints ten times per second, or nothing if it is empty.
func (p *computer) talk(board *arduino.Board) {
	p.prints.CompareAndSwap(nil, goodLine)
	ended := make(chan struct{})
	stop := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			if text := p.prints.Load().(string); text != "" && board.Print(text+"\r\n") != nil {
				return
			}
			select {
			case <-stop:
				return
			case <-time.After(100 * time.Millisecond):
			}
		}
	}()
	p.Cleanup(func() {
		close(stop)
		_ = board.Unplug() // it may be unplugged
		<-ended
	})
}

// topic creates the topic of the station, if it does not exist.
func (p *computer) topic() {
	p.Helper()
	admin, err := sarama.NewClusterAdmin(p.addresses, sarama.NewConfig())
	require.NoError(p, err)
	defer admin.Close() //nolint:errcheck // it is done
	if err := admin.CreateTopic("JNU_1_rasp", &sarama.TopicDetail{NumPartitions: 1, ReplicationFactor: 1}, false); !errors.Is(err, sarama.ErrTopicAlreadyExists) {
		require.NoError(p, err)
	}
}

// produce writes a record to the topic of the station.
func (p *computer) produce(at time.Time) {
	p.Helper()
	p.topic()
	p.send(sarama.NewConfig(), &sarama.ProducerMessage{Topic: "JNU_1_rasp", Value: sarama.StringEncoder("{}"), Timestamp: at})
}

func (p *computer) send(config *sarama.Config, messages ...*sarama.ProducerMessage) {
	p.Helper()
	config.Producer.Return.Successes = true
	producer, err := sarama.NewSyncProducer(p.addresses, config)
	require.NoError(p, err)
	defer producer.Close() //nolint:errcheck // it is done
	require.NoError(p, producer.SendMessages(messages))
}

// finding runs one check and those that it needs, directly or not.
func (p *computer) finding(name string) Finding {
	p.Helper()
	d, loadErr := newDoctor(p.Context(), p.options)
	all := d.checks(loadErr)
	required := map[string]bool{name: true}
	for _, c := range slices.Backward(all) { // those that are needed come earlier
		if required[c.name] {
			for _, need := range append(c.needs, c.after...) {
				required[need] = true
			}
		}
	}
	checks := slices.DeleteFunc(all, func(c check) bool { return !required[c.name] })
	findings, err := runAll(p.Context(), checks)
	require.NoError(p, err)
	at := slices.IndexFunc(findings, func(f Finding) bool { return f.Check == name })
	require.NotEqual(p, -1, at, name)
	return findings[at]
}

// runFix runs the suggested command in a shell whose programs are the stand-ins and ours, and returns how the stand-ins were called.
func (p *computer) runFix(fix string) string {
	p.Helper()
	built, err := programs()
	require.NoError(p, err)
	command := exec.CommandContext(p.Context(), "sh", "-c", fix) //nolint:gosec // suggested by the doctor
	command.Dir = p.dir
	command.Env = append(os.Environ(), "PATH="+p.path("bin")+":"+built+":"+os.Getenv("PATH"))
	output, err := command.CombinedOutput()
	require.NoError(p, err, "%s\n%s", fix, output)
	calls, _ := os.ReadFile(p.path("calls"))
	return string(calls)
}

// fault is a problem, what doctor reports about it, and what resolves it.
type fault struct {
	check string
	// state is Failed unless it is set.
	state State
	// text is in the finding; fix is the suggested command, with DIR for the directory of the computer.
	text, fix string
	cause     func(*computer)
	// replaced replaces names in the command that only a real system has.
	replaced *strings.Replacer
	// called is how a stand-in must have been called; repair does what the real program would do.
	called string
	repair func(*computer)
	// manual is true if no command can fix it.
	manual bool
	// settings are for Kafka.
	settings []kfake.Opt
}

func (c fault) run(t *testing.T, p *computer) {
	t.Helper()
	if c.cause != nil {
		c.cause(p)
	}
	state := c.state
	if state == "" {
		state = Failed
	}
	local := strings.NewReplacer("DIR", p.dir, "BROKERS", p.brokers())
	found := p.finding(c.check)
	require.Equal(t, state, found.State, found.Text)
	require.Contains(t, found.Text, local.Replace(c.text))
	require.Equal(t, local.Replace(c.fix), found.Fix)
	if c.replaced != nil {
		found.Fix = local.Replace(c.replaced.Replace(found.Fix))
	}
	if !c.manual {
		require.Contains(t, p.runFix(found.Fix), local.Replace(c.called))
	}
	if c.repair != nil {
		c.repair(p)
	}
	fixed := p.finding(c.check)
	require.Equal(t, OK, fixed.State, fixed.Text)
	require.Empty(t, fixed.Fix)
}
