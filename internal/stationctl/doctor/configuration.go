package doctor

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/influxdata/telegraf/config"
	// Parsers for the output of boards.
	_ "github.com/influxdata/telegraf/plugins/parsers/csv"
	_ "github.com/influxdata/telegraf/plugins/parsers/json"
	_ "github.com/influxdata/telegraf/plugins/parsers/json_v2"
	_ "github.com/influxdata/telegraf/plugins/parsers/logfmt"
	_ "github.com/influxdata/telegraf/plugins/parsers/value"
	// The secret stores of our Telegraf.
	_ "github.com/influxdata/telegraf/plugins/secretstores/docker"
	_ "github.com/influxdata/telegraf/plugins/secretstores/http"
	_ "github.com/influxdata/telegraf/plugins/secretstores/jose"
	_ "github.com/influxdata/telegraf/plugins/secretstores/os"
	_ "github.com/influxdata/telegraf/plugins/secretstores/systemd"
	// The data_format of the central Telegraf.
	_ "github.com/telegraf-station/telegraf-station/plugins/parsers/station"

	"github.com/telegraf-station/telegraf-station/internal/stationctl/host"
	"github.com/telegraf-station/telegraf-station/plugins/inputs/arduino_serial"
	"github.com/telegraf-station/telegraf-station/plugins/inputs/kafka_sites"
	"github.com/telegraf-station/telegraf-station/plugins/outputs/influxdb_sites"
	"github.com/telegraf-station/telegraf-station/plugins/outputs/kafka_site"
)

// parts are our plugins in a configuration.
type parts struct {
	boards  []arduino_serial.Options
	outputs []*kafka_site.KafkaSite
	inputs  []*kafka_sites.KafkaSites
	stores  []*influxdb_sites.InfluxDBSites
}

// load uses Telegraf's own loader, so that variables, secrets, and defaults are the same.
func load(path string) (*parts, error) {
	text, err := os.ReadFile(path) //nolint:gosec // chosen by the user
	if err != nil {
		return nil, err
	}
	ours, err := onlyOurs(text)
	if err != nil {
		return nil, err
	}
	c := config.NewConfig()
	c.Agent.Quiet = true
	if err := c.LoadConfigData(ours, path); err != nil {
		return nil, err
	}
	if err := c.LinkSecrets(); err != nil {
		return nil, err
	}
	return collect(c)
}

// onlyOurs removes all other plugins: they are not part of this program.
func onlyOurs(text []byte) ([]byte, error) {
	var all map[string]map[string]any
	if _, err := toml.Decode(string(text), &all); err != nil {
		return nil, err
	}
	kept := make(map[string]map[string]any)
	for section, ours := range map[string][]string{
		"inputs": {"arduino_serial", "kafka_sites"}, "outputs": {"kafka_site", "influxdb_sites"},
	} {
		kept[section] = make(map[string]any)
		for _, name := range ours {
			if plugin, found := all[section][name]; found {
				kept[section][name] = plugin
			}
		}
	}
	for _, section := range []string{"agent", "global_tags", "secretstores"} {
		if all[section] != nil {
			kept[section] = all[section]
		}
	}
	var encoded bytes.Buffer
	err := toml.NewEncoder(&encoded).Encode(kept)
	return encoded.Bytes(), err
}

func collect(c *config.Config) (*parts, error) {
	p := &parts{}
	for _, input := range c.Inputs {
		switch plugin := input.Input.(type) {
		case *arduino_serial.ArduinoSerial:
			boards, err := plugin.EachBoard()
			if err != nil {
				return nil, err
			}
			p.boards = append(p.boards, boards...)
		case *kafka_sites.KafkaSites:
			p.inputs = append(p.inputs, plugin)
		}
	}
	for _, output := range c.Outputs {
		switch plugin := output.Output.(type) {
		case *kafka_site.KafkaSite:
			p.outputs = append(p.outputs, plugin)
		case *influxdb_sites.InfluxDBSites:
			p.stores = append(p.stores, plugin)
		}
	}
	if len(p.boards)+len(p.outputs)+len(p.inputs)+len(p.stores) == 0 {
		return nil, fmt.Errorf("it has no plugin of a station or of a central Telegraf")
	}
	return p, nil
}

const configuration = "configuration"

// configuration has Telegraf check the whole file, with the variables of the service instead of those of this shell.
func (d *doctor) configuration(ctx context.Context, loadErr error) result {
	program, err := exec.LookPath(d.Telegraf)
	if err != nil {
		return unchecked("%v", err)
	}
	output, err := host.Run(ctx, program, d.variables, d.Account, "config", "check", "--strict-env-handling", "--config", d.absoluteConfiguration())
	problem := errorsIn(output)
	switch {
	case err != nil && problem == "":
		return failed(d.fixEdit("fix the error"), "%v: %s", err, output)
	case err != nil:
		return failed(d.fixConfiguration(problem), "%s", problem)
	case loadErr != nil: // Telegraf reports the errors of our plugins itself
		return failed(d.fixEdit("fix the error"), "%v", loadErr)
	}
	return ok("%s is valid", d.Configuration)
}

func (d *doctor) absoluteConfiguration() string {
	path, err := filepath.Abs(d.Configuration)
	if err != nil {
		return d.Configuration
	}
	return path
}

var logPrefix = regexp.MustCompile(`^\S+ (E!|W!) `)

// logLines returns the lines of a log that have the level ("E!", "W!"), without their times.
func logLines(output, level string) (lines []string) {
	for line := range strings.Lines(output) {
		line = strings.TrimSpace(line)
		if prefix := logPrefix.FindStringSubmatch(line); prefix != nil && prefix[1] == level {
			lines = append(lines, strings.TrimPrefix(line, prefix[0]))
		}
	}
	return lines
}

var missingVariable = regexp.MustCompile(`required variable ([A-Za-z0-9_]+) is missing a value: (.*)`)

// errorsIn returns the errors of a log. For a missing variable, it omits the position, which is not a position in the file.
func errorsIn(output string) string {
	all := logLines(output, "E!")
	for i, line := range all {
		if missing := missingVariable.FindString(line); missing != "" {
			all[i] = missing
		}
	}
	return strings.Join(all, " ")
}

// fixConfiguration opens the configuration or, if a variable is missing, the environment file.
func (d *doctor) fixConfiguration(problem string) string {
	if variable := missingVariable.FindStringSubmatch(problem); variable != nil {
		return fmt.Sprintf("sudoedit %s  # %s=\"...\"", quote(d.Environment), variable[1])
	}
	return d.fixEdit("fix the error")
}
