//go:build real

package deb

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/test/bed/arduino"
	"github.com/telegraf-station/telegraf-station/test/bed/kafka"
)

// TestReadmeInstallation runs the installation commands of the README on the system of a Pi, with a local repository instead of the example
// URL, and answers the questions of setup at a terminal.
func TestReadmeInstallation(t *testing.T) {
	cluster, err := kafka.StartEmbedded(kafka.EmbeddedOptions{Brokers: 3})
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	repository := serveRepository(t)
	r := newRoot(t, "armhf")
	plugTalking(r)

	commands := readmeCommands(t)
	require.Len(t, commands, 3, "install, set up, try")
	install := strings.Replace(commands[0], "https://apt.example.org", repository, 1)
	require.NotEqual(t, install, commands[0])
	output := r.run(install)
	require.Contains(t, output, "Setting up telegraf-station (")

	setup, service, found := strings.Cut(strings.TrimSpace(commands[1]), "\n")
	require.True(t, found)
	answers := []string{
		"JNU", "7", "rasp", "roof", "none", "/dev/arduino-uno", "9600", strings.Join(cluster.Addresses(), ","), "none", "none",
	}
	// script(1) gives the command a terminal.
	output = r.run("printf '%s\\n' '" + strings.Join(answers, "' '") + "' | script --quiet --return --command '" + setup + "' /dev/null")
	require.Contains(t, output, "environment,device_id=roof,index=7,site=JNU,type=rasp")
	output, err = r.try(service)
	require.Error(t, err)
	require.Contains(t, output, "System has not been booted with systemd", "only systemd is missing")
	require.FileExists(t, r.path("etc/systemd/system/multi-user.target.wants/telegraf-station.service"))

	// A test reading also works with a Kafka password, which setup stores in the environment of the service.
	edit(t, r.path(configuration), `# sasl_password = "${KAFKA_PASSWORD:?set KAFKA_PASSWORD}"`, `sasl_password = "${KAFKA_PASSWORD:?set KAFKA_PASSWORD}"`)
	edit(t, r.path(defaults), `#KAFKA_PASSWORD=`, `KAFKA_PASSWORD=`)
	r.run("chown root:telegraf /" + configuration + " /" + defaults + "; chmod 640 /" + configuration + " /" + defaults)
	require.Contains(t, r.run(commands[2]), "> environment,device_id=roof,index=7,site=JNU,type=rasp")
}

// readmeCommands returns the blocks of shell commands between "Install on a Raspberry Pi" and "What the Arduino prints".
func readmeCommands(t *testing.T) []string {
	t.Helper()
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(readme), "\n## Install on a Raspberry Pi\n")
	require.True(t, found)
	section, _, found := strings.Cut(rest, "\n## What the Arduino prints\n")
	require.True(t, found)
	var commands []string
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(section, -1) {
		commands = append(commands, block[1])
	}
	return commands
}

// serveRepository creates a repository that is signed with a new key, serves it, and returns its URL.
func serveRepository(t *testing.T) (address string) {
	t.Helper()
	newKey(t, "test@example.org")
	dir := filepath.Join(t.TempDir(), "apt")
	command(t, "../../packaging/apt/repo.sh", "--packages", filepath.Dir(packageFor(t, "armhf")), "--output", dir, "test@example.org")
	server := httptest.NewServer(http.FileServer(http.Dir(dir)))
	t.Cleanup(server.Close)
	return server.URL
}

// newKey creates a gpg keyring with one key.
func newKey(t *testing.T, address string) {
	t.Helper()
	home := t.TempDir()
	require.NoError(t, os.Chmod(home, 0o700))
	t.Setenv("GNUPGHOME", home)
	t.Cleanup(func() { command(t, "gpgconf", "--homedir", home, "--kill", "all") })
	command(t, "gpg", "--batch", "--passphrase", "", "--quick-gen-key", address)
}

// plugTalking plugs in a board that prints two readings per second until the test ends.
func plugTalking(r *root) {
	r.Helper()
	board, err := arduino.Plug(r.path("dev/arduino-uno"))
	require.NoError(r, err)
	port, err := filepath.EvalSymlinks(board.Path())
	require.NoError(r, err)
	require.NoError(r, os.Chmod(port, 0o666)) // a real one is of the group dialout
	stop, stopped := make(chan struct{}), make(chan struct{})
	r.Cleanup(func() {
		close(stop)
		require.NoError(r, board.Unplug())
		<-stopped
	})
	go func() {
		defer close(stopped)
		good := arduino.Readings(1, 1)[0].Line
		for {
			select {
			case <-stop:
				return
			case <-time.After(500 * time.Millisecond):
				_ = board.Print(good) // fails when it is unplugged
			}
		}
	}()
}

// apt rejects a signature by another key.
func TestForeignSignatureIsRejected(t *testing.T) {
	repository := serveRepository(t)
	r := newRoot(t, "amd64")
	install := strings.Replace(readmeCommands(t)[0], "https://apt.example.org", repository, 1)
	newKey(t, "other@example.org")
	r.write("root/other.gpg", command(t, "gpg", "--export", "other@example.org"))
	output, err := r.try(strings.Replace(install, "sudo apt-get update", "cp /root/other.gpg /usr/share/keyrings/telegraf-station.gpg; sudo apt-get update", 1))
	require.Error(t, err, output)
	require.Contains(t, output, "NO_PUBKEY")
}

func TestAptRepoReportsMissingKey(t *testing.T) {
	t.Setenv("GNUPGHOME", t.TempDir())
	for _, test := range []struct {
		arguments []string
		message   string
	}{
		{[]string{""}, "no signing key specified; run \"make apt-repo KEY="},
		{[]string{"missing@example.org"}, `gpg has no secret key "missing@example.org"`},
	} {
		output, err := commandThatFails(t, "../../packaging/apt/repo.sh", test.arguments...)
		require.Error(t, err)
		require.Contains(t, output, test.message)
	}
}
