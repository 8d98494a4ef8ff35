package setup

import (
	"slices"
	"strings"

	"github.com/telegraf-station/telegraf-station/internal/envfile"
)

// environment is a file of variables, as systemd's EnvironmentFile= reads it.
type environment struct{ text string }

// The variables of the credentials, as in the shipped configuration.
const (
	usernameVariable = "KAFKA_USERNAME"
	passwordVariable = "KAFKA_PASSWORD"
)

// variables are what a service gets from the file: of two lines with one name, the last.
func (e *environment) variables() map[string]string { return envfile.Variables(e.text) }

// set gives a variable its value: in its lines if there are any, else at the end.
func (e *environment) set(name, value string) {
	if has, set := e.variables()[name]; set && has == value {
		return
	}
	line := name + "=" + envfile.Quote(value)
	found := false
	all := envfile.Assignments(e.text)
	for _, a := range slices.Backward(all) { // positions before it stay
		if a.Name == name {
			e.text = e.text[:a.From] + line + e.text[a.To:]
			found = true
		}
	}
	if found {
		return
	}
	if e.text != "" && !strings.HasSuffix(e.text, "\n") {
		e.text += "\n"
	}
	e.text += line + "\n"
}
