package setup

import (
	"github.com/telegraf-station/telegraf-station/internal/installed"
)

// environment is a file of variables, as systemd's EnvironmentFile= reads it.
type environment struct{ text string }

// The variables of the credentials, as in the shipped configuration.
const (
	usernameVariable = "KAFKA_USERNAME"
	passwordVariable = "KAFKA_PASSWORD"
)

// variables are what a service gets from the file: of two lines with one name, the last.
func (e *environment) variables() map[string]string { return installed.Variables(e.text) }

// set gives a variable its value: in its lines if there are any, else at the end.
func (e *environment) set(name, value string) { e.text = installed.Set(e.text, name, value) }
