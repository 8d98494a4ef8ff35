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
	// What a board may print, and what the central Telegraf reads.
	_ "github.com/influxdata/telegraf/plugins/parsers/csv"
	_ "github.com/influxdata/telegraf/plugins/parsers/json"
	_ "github.com/influxdata/telegraf/plugins/parsers/json_v2"
	_ "github.com/influxdata/telegraf/plugins/parsers/logfmt"
	_ "github.com/influxdata/telegraf/plugins/parsers/value"
	// Those of our Telegraf.
	_ "github.com/influxdata/telegraf/plugins/secretstores/docker"
	_ "github.com/influxdata/telegraf/plugins/secretstores/http"
	_ "github.com/influxdata/telegraf/plugins/secretstores/jose"
	_ "github.com/influxdata/telegraf/plugins/secretstores/os"
	_ "github.com/influxdata/telegraf/plugins/secretstores/systemd"
	// The central Telegraf's data_format.
	_ "github.com/telegraf-station/telegraf-station/plugins/parsers/station"

	"github.com/telegraf-station/telegraf-station/internal/stationctl/host"
	"github.com/telegraf-station/telegraf-station/plugins/inputs/arduino_serial"
	"github.com/telegraf-station/telegraf-station/plugins/inputs/kafka_sites"
	"github.com/telegraf-station/telegraf-station/plugins/outputs/influxdb_sites"
	"github.com/telegraf-station/telegraf-station/plugins/outputs/kafka_site"
)

// parts are what a configuration has of ours.
type parts struct {
	boards  []arduino_serial.Options
	outputs []*kafka_site.KafkaSite
	inputs  []*kafka_sites.KafkaSites
	stores  []*influxdb_sites.InfluxDBSites
}

// load has Telegraf itself read the file, so that variables, secrets and defaults are what they are there.
func load(path string) (*parts, error) {
	text, err := os.ReadFile(path) //nolint:gosec // the user's own choice
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

// onlyOurs leaves out the plugins that are none of ours: this program does not have them.
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
		return nil, fmt.Errorf("it has no plugin of a station or a central Telegraf")
	}
	return p, nil
}

const configuration = "configuration"

// strict is what Telegraf itself says of the whole file, with the service's variables and none of this shell.
func (d *doctor) strict(loading error) func(context.Context) result {
	return func(ctx context.Context) result {
		program, err := exec.LookPath(d.Telegraf)
		if err != nil {
			return unchecked("%v", err)
		}
		output, err := host.Run(ctx, program, d.variables, d.Account, "config", "check", "--strict-env-handling", "--config", d.absolute())
		trouble := complaints(output)
		switch {
		case err != nil && trouble == "":
			return bad(d.edit("mend it"), "%v: %s", err, output)
		case err != nil:
			return bad(d.mend(trouble), "%s", trouble)
		case loading != nil: // a plugin of ours would have said so
			return bad(d.edit("mend it"), "%v", loading)
		}
		return good("%s is as it should be", d.Configuration)
	}
}

func (d *doctor) absolute() string {
	path, err := filepath.Abs(d.Configuration)
	if err != nil {
		return d.Configuration
	}
	return path
}

var logPrefix = regexp.MustCompile(`^\S+ (E!|W!) `)

// complaints are the lines of a log that are errors, without their times.
func complaints(output string) string {
	var all []string
	for line := range strings.Lines(output) {
		line = strings.TrimSpace(line)
		if level := logPrefix.FindStringSubmatch(line); level != nil && level[1] == "E!" {
			all = append(all, shorten(strings.TrimPrefix(line, level[0])))
		}
	}
	return strings.Join(all, " ")
}

var missingVariable = regexp.MustCompile(`required variable ([A-Za-z0-9_]+) is missing a value: (.*)`)

// shorten leaves out what Telegraf says of the place of a variable, which is its own memory.
func shorten(text string) string {
	if missing := missingVariable.FindString(text); missing != "" {
		return missing
	}
	return text
}

// mend is the command for an error of the file: a variable is set where the service finds it.
func (d *doctor) mend(trouble string) string {
	if name := missingVariable.FindStringSubmatch(trouble); name != nil {
		return fmt.Sprintf("sudoedit %s  # %s=\"...\"", quote(d.Environment), name[1])
	}
	return d.edit("mend what it says")
}
