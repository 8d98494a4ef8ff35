package doctor

import (
	"net"
	"regexp"
	"strings"

	"github.com/telegraf-station/telegraf-station/internal/installed"
)

// The commands of this package are printed for the user, never run.
const (
	fixEnableService   = "sudo systemctl enable --now " + installed.Service
	fixRunAsRoot       = "sudo stationctl doctor"
	fixInstallTelegraf = "sudo apt-get install telegraf-station"
)

// fixSetup changes answers of setup and restarts the service, even if setup prints warnings.
func (d *doctor) fixSetup(flags ...string) string {
	command := append([]string{"sudo stationctl setup"}, flags...)
	if d.Configuration != installed.Configuration {
		command = append(command, "--config", quote(d.Configuration))
	}
	if d.Environment != installed.Environment {
		command = append(command, "--environment", quote(d.Environment))
	}
	command = append(command, "--yes --no-test")
	return strings.Join(command, " ") + "; " + installed.Restart
}

// fixEdit opens the configuration; a shell comment states what to change.
func (d *doctor) fixEdit(change string) string {
	return "sudoedit " + quote(d.Configuration) + "  # " + change
}

// onHost runs a command on another computer, or on this one if the name is a name of this computer.
func onHost(host, command string) string {
	if ip := net.ParseIP(strings.Trim(host, "[]")); host == "localhost" || ip != nil && ip.IsLoopback() {
		return command
	}
	return "ssh " + quote(host) + " " + command
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./:,=@%+-]+$`)

// quote quotes a word for a shell.
func quote(word string) string {
	if plainWord.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
