package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/telegraf-station/telegraf-station/test/bed/process"
)

// user answers questions at a terminal.
type user struct {
	terminal *os.File
	mu       sync.Mutex
	seen     strings.Builder
	read     int // position up to which the output was handled
}

func newUser(terminal *os.File) *user {
	p := &user{terminal: terminal}
	go func() {
		chunk := make([]byte, 4096)
		for {
			n, err := terminal.Read(chunk)
			p.mu.Lock()
			p.seen.Write(chunk[:n])
			p.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return p
}

func (p *user) transcript() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.ReplaceAll(p.seen.String(), "\r\n", "\n")
}

// waits until new output contains a text.
func (p *user) waits(t *testing.T, want string) {
	t.Helper()
	require.Eventually(t, func() bool {
		shown := p.transcript()
		at := strings.Index(shown[p.read:], want)
		if at < 0 {
			return false
		}
		p.read += at + len(want)
		return true
	}, time.Minute, 5*time.Millisecond, "%q in:\n%s", want, &shownLater{p})
}

// answers enters a line after the prompt.
func (p *user) answers(t *testing.T, prompt, line string) {
	t.Helper()
	p.waits(t, prompt)
	_, err := p.terminal.WriteString(line + "\n")
	require.NoError(t, err)
}

type shownLater struct{ *user }

func (s *shownLater) String() string { return s.transcript() }

// dialog runs setup at a terminal. It sends the exit code when it is done.
func (s *station) dialog(t *testing.T, args ...string) (p *user, ended <-chan int) {
	t.Helper()
	master, slave, err := pty.Open()
	require.NoError(t, err)
	t.Cleanup(func() { _, _ = master.Close(), slave.Close() })
	root := newRoot()
	root.SetIn(slave)
	root.SetOut(slave)
	root.SetErr(slave)
	code := make(chan int, 1)
	go func() { code <- run(t.Context(), root, append(s.files(), args...)) }()
	return newUser(master), code
}

// TestSetupDialog with a user who first gives an invalid answer to each question.
func TestSetupDialog(t *testing.T) {
	t.Parallel()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(2), kfake.ListenFn(process.Listen), kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-512", "station", "s3cret"))
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	brokers := strings.Join(cluster.ListenAddrs(), ",")
	s := newStation(t, goodTelegraf)
	p, ended := s.dialog(t)
	p.answers(t, "Site name, e.g. JNU: ", "J_NU")
	p.waits(t, `option "site" must not contain "_"`)
	p.answers(t, "Site name, e.g. JNU: ", "GIST")
	p.answers(t, "Number of this station at the site [1]: ", "")
	p.answers(t, "Station type [rasp]: ", "")
	p.answers(t, "Unique name of this station (device_id) [", "roof")
	p.answers(t, "or none if the board has a GPS receiver [none]: ", "here")
	p.waits(t, "it must be LATITUDE,LONGITUDE in degrees")
	p.answers(t, "[none]: ", "35.17959, 126.90822")
	p.answers(t, "Port of the board", "ttyACM0")
	p.waits(t, `option "port" must be a path`)
	p.answers(t, "Port of the board", s.dir+"/ttyACM7")
	p.waits(t, s.dir+"/ttyACM7: no such device; plug in the board")
	p.answers(t, "Continue anyway? [y/N] ", "")
	p.answers(t, "Port of the board", s.board.Path())
	p.answers(t, "Serial.begin() in the sketch [9600]: ", "9")
	p.waits(t, `option "baud_rate" must be between 50 and 4000000`)
	p.answers(t, "Serial.begin() in the sketch [9600]: ", "")
	p.answers(t, "Kafka brokers, host:port,host:port, e.g. kafka-1:9092,kafka-2:9092: ", "kafka")
	p.waits(t, `option "brokers" must be a list of host:port`)
	p.answers(t, "Kafka brokers", "127.0.0.1:1")
	p.waits(t, `cannot connect to broker "127.0.0.1:1"`)
	p.answers(t, "Continue anyway? [y/N] ", "n")
	p.answers(t, "Kafka brokers", brokers)
	p.answers(t, "or none [none]: ", "/nowhere/ca.pem")
	p.waits(t, "open /nowhere/ca.pem: no such file or directory")
	p.answers(t, "or none [none]: ", "")
	p.answers(t, "SCRAM-SHA-512, or none [none]: ", "md5")
	p.waits(t, "it must be PLAIN, SCRAM-SHA-256, SCRAM-SHA-512")
	p.answers(t, "SCRAM-SHA-512, or none [none]: ", "scram-sha-512")
	p.answers(t, "Kafka user name, e.g. station: ", "station")
	p.answers(t, "Password of the user (not shown): ", "")
	p.waits(t, "the password is empty")
	p.answers(t, "Password of the user (not shown): ", "wr0ng")
	p.waits(t, `cannot connect to Kafka at `)
	p.answers(t, "Continue anyway? [y/N] ", "n")
	p.answers(t, "host:port,host:port ["+brokers+"]: ", "")
	p.answers(t, "or none [none]: ", "")
	p.answers(t, "or none [SCRAM-SHA-512]: ", "")
	p.answers(t, "Kafka user name [station]: ", "")
	p.answers(t, "(not shown) [unchanged]: ", "s3cret")
	p.waits(t, "replication-factor is 3, but Kafka has only 2 brokers")
	p.answers(t, "(replication_factor) [2]: ", "")
	p.waits(t, "Wrote "+s.config+".\n")
	p.waits(t, "Test reading:\n> environment,device_id=roof")
	require.Equal(t, exitGood, <-ended)
	require.NotContains(t, p.transcript(), "s3cret")
	require.NotContains(t, p.transcript(), "wr0ng")
	require.Equal(t, "KAFKA_USERNAME=\"station\"\nKAFKA_PASSWORD=\"s3cret\"\n", text(t, s.environment))
	require.Contains(t, text(t, s.config), "  location = [35.17959, 126.90822]")
	require.Contains(t, text(t, s.config), "  replication_factor = 2\n")

	before := text(t, s.config)
	p, ended = s.dialog(t, "--location", "none", "--baud-rate", "115200")
	for _, prompt := range []string{"[GIST]: ", "[2]: ", "[rasp]: ", "[roof]: ", "[" + s.board.Path() + "]: ", "[" + brokers + "]: ", "[none]: ", "[SCRAM-SHA-512]: ", "[station]: ", "[unchanged]: "} {
		p.answers(t, strings.Replace(prompt, "[2]", "[1]", 1), "")
	}
	require.Equal(t, exitGood, <-ended, p.transcript())
	require.Contains(t, text(t, s.config), "  # location = [35.17959, 126.90822]")
	require.Equal(t, before, text(t, s.config+".bak"))

	p, ended = s.dialog(t, s.answers(brokers)...)
	require.Equal(t, exitGood, <-ended, p.transcript())
	require.NotContains(t, p.transcript(), "[", "there are no questions left")
}

// TestSetupWithoutBoardAndKafka: the user accepts answers that cannot be tested.
func TestSetupWithoutBoardAndKafka(t *testing.T) {
	t.Parallel()
	s := newStation(t, "echo '2026-11-24T12:00:00Z E! no such device'")
	p, ended := s.dialog(t, "--site", "J_NU", "--index", "1", "--type", "rasp", "--device-id", "roof", "--location", "none", "--baud-rate", "9600")
	p.waits(t, `option "site" must not contain "_"`)
	p.answers(t, "Site name, e.g. JNU: ", "JNU")
	p.answers(t, "Port of the board", "/nowhere/ttyACM0")
	p.answers(t, "Continue anyway? [y/N] ", "y")
	p.answers(t, "Kafka brokers", "nowhere.invalid:9092")
	p.waits(t, `cannot resolve broker "nowhere.invalid:9092"`)
	p.answers(t, "Continue anyway? [y/N] ", "yes")
	p.answers(t, "[none]: ", "system")
	p.answers(t, "[none]: ", "")
	p.waits(t, "Warning: port: /nowhere/ttyACM0: no such device")
	p.waits(t, `Warning: brokers: cannot resolve broker "nowhere.invalid:9092"`)
	p.waits(t, "Warning: no reading: ")
	require.Equal(t, exitFound, <-ended)
	require.Contains(t, text(t, s.config), "  enable_tls = true\n")
}

// TestSetupIsInterrupted by Ctrl-C and Ctrl-D; nothing is written.
func TestSetupIsInterrupted(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("slow: builds stationctl")
	}
	program := filepath.Join(t.TempDir(), "stationctl")
	output, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".").CombinedOutput() //nolint:gosec // a directory of the test
	require.NoError(t, err, string(output))
	for key, want := range map[string]string{"\x03": "stationctl: nothing was written: interrupted", "\x04": "stationctl: nothing was written: the input ended"} {
		s := newStation(t, goodTelegraf)
		args := append(s.files(), "--index", "1", "--type", "rasp", "--device-id", "roof", "--port", s.board.Path(), "--location", "none", "--baud-rate", "9600",
			"--brokers", startKafka(t), "--tls-ca", "none", "--sasl-mechanism", "PLAIN", "--username", "u")
		command := exec.CommandContext(t.Context(), program, args...) //nolint:gosec // what was built
		master, err := pty.Start(command)
		require.NoError(t, err)
		p := newUser(master)
		p.answers(t, "Site name, e.g. JNU: ", "JNU")
		p.waits(t, "(not shown): ")
		_, err = master.WriteString(key)
		require.NoError(t, err)
		p.waits(t, want)
		_ = command.Wait() // the exit code is checked below
		require.Equal(t, exitFailed, command.ProcessState.ExitCode())
		require.False(t, command.ProcessState.Sys().(syscall.WaitStatus).Signaled())
		require.NoFileExists(t, s.config)
		require.NoError(t, master.Close())
	}
}
