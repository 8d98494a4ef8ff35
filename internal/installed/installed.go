// Package installed names what the Debian package installs, and reads and edits its files.
//
// installed.go has the paths and lets Telegraf find its configuration; envfile.go reads and edits the environment file.
package installed

import "os"

// What the package installs and where.
const (
	// Configuration is the Telegraf configuration file.
	Configuration = "/etc/telegraf-station/telegraf.conf"
	// Environment has the variables that the configuration uses.
	Environment = "/etc/default/telegraf-station"
	// KafkaCA is where the shipped configuration expects the certificate of the CA.
	KafkaCA = "/etc/telegraf-station/kafka-ca.pem"
	// Outbox is the outbox directory of the shipped configuration.
	Outbox = "/var/lib/telegraf-station/outbox"
	// Service is the name of the systemd unit, without ".service".
	Service = "telegraf-station"
	// User runs the service; its group owns the files.
	User = "telegraf"
	// Restart is the command that restarts the service.
	Restart = "sudo systemctl restart " + Service
)

// Use sets up the environment for Telegraf and must be called before its main function. Without --config, Telegraf uses
// $TELEGRAF_CONFIG_PATH, ~/.telegraf/telegraf.conf, or /etc/telegraf/telegraf.conf. The last file belongs to the package telegraf and is
// deleted when that package is purged, so our configuration is elsewhere and takes precedence. The variables of the service are set as
// well, so that `telegraf --test` behaves as the service does.
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

// UseVariables sets the variables of an environment file that are not set yet. An unreadable file is ignored: the configuration is then
// unreadable too, and that error is reported.
func UseVariables(environment string) {
	variables, _ := ReadVariables(environment)
	for name, value := range variables {
		setIfUnset(name, value)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func setIfUnset(name, value string) {
	if os.Getenv(name) == "" {
		_ = os.Setenv(name, value) // fails if the name is invalid
	}
}
