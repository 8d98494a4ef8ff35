// Package doctor looks at a station or a central Telegraf where it runs, and says what is wrong and which command mends it. It changes nothing,
// and writes nothing into a topic or a bucket.
//
// configuration.go reads Telegraf's configuration, which says what there is to look at. Each of the other files is about one part: system.go,
// port.go, baud.go and reading.go, clock.go, network.go and kafka.go, topic.go, outbox.go, delivery.go; in the central Telegraf group.go and
// influx.go. check.go runs the checks, report.go shows what they found.
package doctor

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"go.bug.st/serial"

	"github.com/telegraf-station/telegraf-station/internal/installed"
	"github.com/telegraf-station/telegraf-station/internal/serialport"
	"github.com/telegraf-station/telegraf-station/internal/stationctl/host"
	"github.com/telegraf-station/telegraf-station/plugins/inputs/arduino_serial"
)

// Options say what to look at.
type Options struct {
	// Configuration is Telegraf's; Environment has the service's variables.
	Configuration, Environment string
	// Telegraf is the program, by its path or name.
	Telegraf string
	// System is where the ports are; Root where the unit and udev's data are.
	System serialport.System
	Root   string
	// Account is who Telegraf runs as.
	Account host.Account
	// Open opens a port.
	Open func(ctx context.Context, path string, mode *serial.Mode, reset serialport.Reset) (serialport.Port, error)
	// Clock tells the time, and whether somebody keeps it right.
	Clock func() (now time.Time, kept bool)
	// Disk looks at the one that a directory is on.
	Disk func(dir string) (Disk, error)
}

// ThisComputer are the options of the computer that this runs on.
func ThisComputer() Options {
	system := serialport.ThisSystem()
	return Options{
		System: system, Root: "/", Account: host.FindAccount(host.FindUnits("/")), Open: system.Open, Clock: systemClock, Disk: systemDisk,
	}
}

// doctor is one visit.
type doctor struct {
	Options
	variables map[string]string // of the service
	parts     *parts
	// takeReading has Telegraf read all boards, once.
	takeReading func() (*host.Reading, error)
}

// Run does all checks. The variables that the configuration asks for must be in this process's environment.
func Run(ctx context.Context, options Options) (*Report, error) {
	d := &doctor{Options: options}
	d.variables = variables(options.Environment)
	var err error
	d.parts, err = load(options.Configuration)
	d.readOnce(ctx)
	findings := runAll(ctx, d.checks(err))
	return &Report{options.Configuration, findings}, ctx.Err()
}

// variables are those of the file, which are all that the service has. Where there is no such file, Telegraf is run from a shell.
func variables(file string) map[string]string {
	text, err := os.ReadFile(file) //nolint:gosec // the user's own choice
	if !errors.Is(err, fs.ErrNotExist) {
		return installed.Variables(string(text)) // who may not read it is told so of the configuration
	}
	all := make(map[string]string)
	for _, assignment := range os.Environ() {
		name, value, _ := strings.Cut(assignment, "=")
		all[name] = value
	}
	return all
}

func (d *doctor) checks(loading error) []check {
	checks := []check{
		{name: architecture, limit: telegrafLimit, run: d.architecture},
		{name: "files", run: d.files},
		{name: configuration, needs: []string{architecture, "files"}, limit: telegrafLimit, run: d.strict(loading)},
		{name: "clock", run: d.clock},
	}
	if loading != nil {
		return append(checks, check{name: "all else", needs: []string{architecture, "files", configuration}, run: func(context.Context) result {
			return unchecked("the configuration cannot be read: %v", loading)
		}})
	}
	checks = append(checks, d.stationChecks()...)
	return append(checks, d.centralChecks()...)
}

func (d *doctor) stationChecks() (checks []check) {
	var bauds []string
	for i, b := range d.parts.boards {
		bauds = append(bauds, d.boardLabel(i, b)+"baud")
	}
	for i, b := range d.parts.boards {
		checks = append(checks, d.boardChecks(b, d.boardLabel(i, b), bauds)...)
	}
	for i, o := range d.parts.outputs {
		k := d.outputKafka(i, o)
		checks = append(checks, k.checks()...)
		topics := d.topics(k, o)
		for _, t := range topics {
			checks = append(checks, t.checks(len(topics) > 1)...)
		}
		checks = append(checks, d.outboxChecks(k, o)...)
		for _, t := range topics {
			checks = append(checks, t.deliveryCheck(len(topics) > 1))
		}
	}
	return checks
}

func (d *doctor) boardLabel(i int, b arduino_serial.Options) string {
	return label("board", strconv.Itoa(i+1)+" "+b.DeviceID, len(d.parts.boards) > 1)
}

func (d *doctor) centralChecks() (checks []check) {
	for i, in := range d.parts.inputs {
		k := d.inputKafka(i, in)
		checks = append(checks, k.checks()...)
		checks = append(checks, d.groupChecks(k, in)...)
	}
	for i, s := range d.parts.stores {
		checks = append(checks, d.influxChecks(s, label("InfluxDB", strconv.Itoa(i+1), len(d.parts.stores) > 1))...)
	}
	return checks
}

// label tells the checks of one part from those of another of its kind, where there are several.
func label(kind, name string, several bool) string {
	if !several {
		return ""
	}
	return kind + " " + name + ": "
}
