// Command generate writes the Grafana dashboards (JSON) and alert rules (YAML) to conf/grafana. `make dashboards` runs it.
// Edit this code instead of the files: a test compares them.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/telegraf-station/telegraf-station/internal/schema"
)

func main() {
	out := flag.String("out", "conf/grafana", "directory with dashboards and provisioning")
	option := flag.String("schema", schema.Default, "schema file with your own sensors, as in inputs.arduino_serial")
	flag.Parse()
	if err := generate(*out, *option); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func generate(out, option string) error {
	sensors, err := loadSensors(option)
	if err != nil {
		return err
	}
	contents, err := files(sensors)
	if err != nil {
		return err
	}
	for name, content := range contents {
		if err := write(filepath.Join(out, name), content); err != nil {
			return err
		}
	}
	return nil
}

func write(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // Grafana, another user, reads it
		return err
	}
	return os.WriteFile(path, content, 0o644) //nolint:gosec // Grafana, another user, reads it
}

// files returns the content of each file by its path in conf/grafana.
func files(sensors []sensor) (map[string][]byte, error) {
	contents := map[string][]byte{}
	for _, builder := range dashboards(sensors) {
		name, content, err := dashboardFile(builder)
		if err != nil {
			return nil, err
		}
		contents[name] = content
	}
	alerts, err := alertFile(sensors)
	if err != nil {
		return nil, err
	}
	contents["provisioning/alerting/station.yaml"] = alerts
	return contents, nil
}
