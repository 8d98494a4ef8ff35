// Package installed lets the Telegraf that our package installs find what belongs to it.
package installed

import (
	"os"

	"github.com/telegraf-station/telegraf-station/internal/envfile"
)

const (
	configuration = "/etc/telegraf-station/telegraf.conf"
	environment   = "/etc/default/telegraf-station"
)

// Use is called before Telegraf's own main. Without --config Telegraf takes $TELEGRAF_CONFIG_PATH, ~/.telegraf/telegraf.conf or
// /etc/telegraf/telegraf.conf. The last one belongs to the package telegraf, and goes when that is purged: ours is elsewhere, and found
// before it. The service's variables, which that configuration asks for, are read as well: `telegraf --test` then shows what the service does.
func Use() { use(configuration, environment) }

func use(configuration, environment string) {
	if !exists(configuration) {
		return
	}
	if !exists(os.ExpandEnv("${HOME}/.telegraf/telegraf.conf")) {
		setIfUnset("TELEGRAF_CONFIG_PATH", configuration)
	}
	// Who may not read it may not read the configuration either, and is told so by Telegraf.
	text, _ := os.ReadFile(environment) //nolint:gosec // one of two constants
	for name, value := range envfile.Variables(string(text)) {
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
