// Package installed lets the Telegraf that our package installs find what belongs to it.
package installed

import (
	"os"
)

// The files that our package installs.
const (
	Configuration = "/etc/telegraf-station/telegraf.conf"
	Environment   = "/etc/default/telegraf-station"
)

// Use is called before Telegraf's own main. Without --config Telegraf takes $TELEGRAF_CONFIG_PATH, ~/.telegraf/telegraf.conf or
// /etc/telegraf/telegraf.conf. The last one belongs to the package telegraf, and goes when that is purged: ours is elsewhere, and found
// before it. The service's variables, which that configuration asks for, are read as well: `telegraf --test` then shows what the service does.
func Use() { use(Configuration, Environment) }

func use(configuration, environment string) {
	if !exists(configuration) {
		return
	}
	if !exists(os.ExpandEnv("${HOME}/.telegraf/telegraf.conf")) {
		setIfUnset("TELEGRAF_CONFIG_PATH", configuration)
	}
	UseVariables(environment)
}

// UseVariables sets the variables of a file that are not set. Who may not read it may not read the configuration either, and is told so
// by whoever reads that.
func UseVariables(environment string) {
	text, _ := os.ReadFile(environment) //nolint:gosec // the constant, or the user's own choice
	for name, value := range Variables(string(text)) {
		setIfUnset(name, value)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func setIfUnset(name, value string) {
	if os.Getenv(name) == "" {
		_ = os.Setenv(name, value) // fails for what is no name
	}
}
