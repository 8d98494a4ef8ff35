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

// programs are our own ones, built once for all tests.
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
	if dir, err := programs(); err == nil {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

// patient is a station or a central Telegraf in a folder: a computer that is made up (but its ports are ptys), Kafka inside this process, and our
// real programs. What changes the system (systemctl and the like) is a stand-in on PATH that notes how it was called.
type patient struct {
	*testing.T
	options Options
	dir     string
	text    string // of the configuration
	kafka   *kfake.Cluster
	// addresses are the brokers'.
	addresses []string
	board     *arduino.Board
	prints    atomic.Value // the board's line
	mended    atomic.Bool
	box       *outbox.Outbox
}

// stations are the values of the configuration's text.
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

// newStation is a station that is well.
func newStation(t *testing.T, settings ...kfake.Opt) *patient {
	t.Helper()
	p := newPatient(t, settings...)
	p.plug("ttyACM0")
	p.text = strings.NewReplacer("DIR", p.dir, "BROKERS", p.brokers()).Replace(stationText)
	p.write()
	p.box = outbox.New(outbox.Options{Dir: p.path("outbox"), MaxBytes: 1 << 30, MaxRecords: 1000})
	require.NoError(t, p.box.Open())
	t.Cleanup(func() { require.NoError(t, p.box.Close()) })
	return p
}

func newPatient(t *testing.T, settings ...kfake.Opt) *patient {
	t.Helper()
	p := &patient{T: t, dir: t.TempDir()}
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

func (p *patient) path(name string) string { return filepath.Join(p.dir, name) }

func (p *patient) file(name, text string) {
	p.Helper()
	require.NoError(p, os.MkdirAll(filepath.Dir(p.path(name)), 0o700))
	require.NoError(p, os.WriteFile(p.path(name), []byte(text), 0o600))
}

func (p *patient) write() { p.file("telegraf.conf", p.text) }

// edit changes the configuration as a hand with an editor does.
func (p *patient) edit(from, to string) {
	p.Helper()
	text, err := os.ReadFile(p.options.Configuration)
	require.NoError(p, err)
	require.Contains(p, string(text), from)
	p.text = strings.ReplaceAll(string(text), from, to)
	p.write()
}

// standIn is a program on PATH.
func (p *patient) standIn(name, script string) {
	p.Helper()
	p.file("bin/"+name, fmt.Sprintf("#!/bin/sh\necho \"%s $*\" >>'%s'\n%s\n", name, p.path("calls"), script))
	require.NoError(p, os.Chmod(p.path("bin/"+name), 0o700))
}

// plug adds a board that prints a reading ten times a second.
func (p *patient) plug(port string) {
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

// talk has the board print a line ten times a second: prints, else a good one; none while it is empty.
func (p *patient) talk(board *arduino.Board) {
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
		_ = board.Unplug() // it may be unplugged already
		<-ended
	})
}

// topic makes the station's, if it is not there.
func (p *patient) topic() {
	p.Helper()
	admin, err := sarama.NewClusterAdmin(p.addresses, sarama.NewConfig())
	require.NoError(p, err)
	defer admin.Close() //nolint:errcheck // it did its work
	if err := admin.CreateTopic("JNU_1_rasp", &sarama.TopicDetail{NumPartitions: 1, ReplicationFactor: 1}, false); !errors.Is(err, sarama.ErrTopicAlreadyExists) {
		require.NoError(p, err)
	}
}

// produce puts a record into the station's topic.
func (p *patient) produce(at time.Time) {
	p.Helper()
	p.topic()
	p.send(sarama.NewConfig(), &sarama.ProducerMessage{Topic: "JNU_1_rasp", Value: sarama.StringEncoder("{}"), Timestamp: at})
}

func (p *patient) send(config *sarama.Config, messages ...*sarama.ProducerMessage) {
	p.Helper()
	config.Producer.Return.Successes = true
	producer, err := sarama.NewSyncProducer(p.addresses, config)
	require.NoError(p, err)
	defer producer.Close() //nolint:errcheck // it did its work
	require.NoError(p, producer.SendMessages(messages))
}

// look runs one check and those that it needs, directly or not.
func (p *patient) look(name string) Finding {
	p.Helper()
	all := p.checks()
	wanted := map[string]bool{name: true}
	for _, c := range slices.Backward(all) { // those that are needed come before
		if wanted[c.name] {
			for _, need := range c.needs {
				wanted[need] = true
			}
		}
	}
	checks := slices.DeleteFunc(all, func(c check) bool { return !wanted[c.name] })
	for _, f := range runAll(p.Context(), checks) {
		if f.Check == name {
			return f
		}
	}
	require.Fail(p, "there is no such check", name)
	return Finding{}
}

func (p *patient) checks() []check {
	d := &doctor{Options: p.options, variables: variables(p.options.Environment)}
	var err error
	d.parts, err = load(p.options.Configuration)
	d.readOnce(p.Context())
	return d.checks(err)
}

// follow does what the advice says, in a shell whose programs are the stand-ins and ours, and returns how the stand-ins were called.
func (p *patient) follow(advice string) string {
	p.Helper()
	built, err := programs()
	require.NoError(p, err)
	command := exec.CommandContext(p.Context(), "sh", "-c", advice) //nolint:gosec // what the doctor says
	command.Dir = p.dir
	command.Env = append(os.Environ(), "PATH="+p.path("bin")+":"+built+":"+os.Getenv("PATH"))
	output, err := command.CombinedOutput()
	require.NoError(p, err, "%s\n%s", advice, output)
	calls, _ := os.ReadFile(p.path("calls"))
	return string(calls)
}

// provocation is a fault, what is said of it, and what makes the check green again.
type provocation struct {
	check string
	// state is Bad unless it says Doubtful.
	state State
	// says is in the line; advice is the command below it, with DIR for the patient's folder.
	says, advice string
	breaks       func(*patient)
	// mapped changes names in the advice that only a real system has.
	mapped *strings.Replacer
	// called is how the stand-in must have been called, and then does what the program would have done.
	called string
	then   func(*patient)
	// byHand says that no command can do it.
	byHand bool
	// settings are Kafka's.
	settings []kfake.Opt
}

func (c provocation) run(t *testing.T, p *patient) {
	t.Helper()
	if c.breaks != nil {
		c.breaks(p)
	}
	state := c.state
	if state == "" {
		state = Bad
	}
	local := strings.NewReplacer("DIR", p.dir, "BROKERS", p.brokers())
	found := p.look(c.check)
	require.Equal(t, state, found.State, found.Text)
	require.Contains(t, found.Text, local.Replace(c.says))
	require.Equal(t, local.Replace(c.advice), found.Fix)
	if c.mapped != nil {
		found.Fix = local.Replace(c.mapped.Replace(found.Fix))
	}
	if !c.byHand {
		require.Contains(t, p.follow(found.Fix), local.Replace(c.called))
	}
	if c.then != nil {
		c.then(p)
	}
	healed := p.look(c.check)
	require.Equal(t, Good, healed.State, healed.Text)
	require.Empty(t, healed.Fix)
}
