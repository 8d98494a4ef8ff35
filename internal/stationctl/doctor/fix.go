package doctor

import (
	"net"
	"regexp"
	"strings"

	"github.com/telegraf-station/telegraf-station/internal/installed"
)

// setup is a command that gives the station other answers, and leaves the rest as it is. It may warn of what else is wrong: the service
// takes the answers up nonetheless.
func (d *doctor) setup(flags ...string) string {
	command := append([]string{"sudo stationctl setup"}, flags...)
	if d.Configuration != installed.Configuration {
		command = append(command, "--config", quote(d.Configuration))
	}
	if d.Environment != installed.Environment {
		command = append(command, "--environment", quote(d.Environment))
	}
	command = append(command, "--yes --no-test")
	return strings.Join(command, " ") + "; " + restart
}

// edit opens the configuration; what to do there is behind it, as a shell's comment.
func (d *doctor) edit(what string) string {
	return "sudoedit " + quote(d.Configuration) + "  # " + what
}

// on is a command for another computer, or for this one if that is what its name means.
func on(host, command string) string {
	if ip := net.ParseIP(strings.Trim(host, "[]")); host == "localhost" || ip != nil && ip.IsLoopback() {
		return command
	}
	return "ssh " + quote(host) + " " + command
}

const restart = "sudo systemctl restart telegraf-station"

var plain = regexp.MustCompile(`^[A-Za-z0-9_./:,=@%+*-]+$`)

// quote writes a word so that a shell reads it as it is.
func quote(word string) string {
	if plain.MatchString(word) && !strings.Contains(word, "*") {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
