// Package doctor checks the station or central Telegraf on this computer and reports the commands that fix what it finds. It changes
// nothing and does not write to any topic or bucket.
//
// configuration.go loads the Telegraf configuration, which determines the checks. check.go runs them, report.go prints what they found,
// and fix.go has the commands that several of them suggest. Each check is in the file with its name:
//
//	computer  architecture.go  files.go  configuration.go  clock.go
//	board     port.go (port, permission)  busy.go  modemmanager.go  baud.go  reading.go
//	Kafka     dns.go  tcp.go  tls.go  sasl.go  brokers.go; they share kafka.go
//	station   topic.go (topic, ACL)  outbox.go (outbox, disk, room, parked, damaged, service)  delivery.go
//	central   topics.go (topics, ACL)  group.go  lag.go  influx.go (InfluxDB, token, bucket, DBRP)
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
)

// Options set what to check, and with what.
type Options struct {
	// Configuration is the Telegraf configuration file; Environment has the variables of the service.
	Configuration, Environment string
	// Telegraf is the path or name of the program.
	Telegraf string
	// System has the serial ports; Root has the systemd units and the data of udev.
	System serialport.System
	Root   string
	// Account runs Telegraf.
	Account host.Account
	// Open opens a serial port.
	Open func(ctx context.Context, path string, mode *serial.Mode, reset serialport.Reset) (serialport.Port, error)
	// FirstLine limits the wait for the first line of a board, OtherRate the wait for a line at another baud rate.
	FirstLine, OtherRate time.Duration
	// TLSHandshake limits a handshake: a port that does not support TLS sometimes does not respond.
	TLSHandshake time.Duration
	// Clock returns the time and whether it is synchronized.
	Clock func() (now time.Time, synchronized bool)
	// Disk describes the disk of a directory.
	Disk func(dir string) (Disk, error)
}

// ThisComputer returns the options for the computer that runs this program.
func ThisComputer() Options {
	system := serialport.ThisSystem()
	return Options{
		System: system, Root: "/", Account: host.FindAccount(host.FindUnits("/")), Open: system.Open,
		FirstLine:    13 * time.Second, // a board needs up to 3 s to start after a reset; then one reading within 10 s
		OtherRate:    2500 * time.Millisecond,
		TLSHandshake: answerTimeout,
		Clock:        systemClock, Disk: systemDisk,
	}
}

// doctor is one run.
type doctor struct {
	Options
	variables map[string]string // of the service
	parts     *parts
	// takeReading runs `telegraf --test` for all boards, once.
	takeReading func() (*host.Reading, error)
}

// Run runs all checks. The variables that the configuration uses must be in the environment of this process.
func Run(ctx context.Context, options Options) (*Report, error) {
	d, err := newDoctor(ctx, options)
	findings, runErr := runAll(ctx, d.checks(err))
	return &Report{options.Configuration, findings}, errors.Join(runErr, ctx.Err())
}

// newDoctor also returns the error of an unusable configuration.
func newDoctor(ctx context.Context, options Options) (d *doctor, loadErr error) {
	d = &doctor{Options: options, variables: serviceVariables(options.Environment)}
	d.takeReading = d.readingOnce(ctx)
	d.parts, loadErr = load(options.Configuration)
	return d, loadErr
}

// serviceVariables returns the variables in the file, which are all that the service has. Without a file, Telegraf is run from a shell.
func serviceVariables(file string) map[string]string {
	variables, err := installed.ReadVariables(file)
	if errors.Is(err, fs.ErrNotExist) {
		for _, assignment := range os.Environ() {
			name, value, _ := strings.Cut(assignment, "=")
			variables[name] = value
		}
	}
	return variables // none if the file is unreadable: then the configuration is unreadable too
}

func (d *doctor) checks(loadErr error) []check {
	checks := []check{
		{name: architecture, limit: telegrafLimit, run: d.architecture},
		{name: files, run: d.files},
		{name: configuration, needs: []string{architecture, files}, limit: telegrafLimit, run: func(ctx context.Context) result { return d.configuration(ctx, loadErr) }},
		{name: "clock", run: d.clock},
	}
	if loadErr != nil {
		return append(checks, check{name: "all else", needs: []string{architecture, files, configuration}, run: func(context.Context) result {
			return unchecked("cannot load the configuration: %v", loadErr)
		}})
	}
	return append(append(checks, d.stationChecks()...), d.centralChecks()...)
}

func (d *doctor) stationChecks() (checks []check) {
	label := func(i int) string {
		return labelOf("board", strconv.Itoa(i+1)+" "+d.parts.boards[i].DeviceID, len(d.parts.boards) > 1)
	}
	var bauds []string
	for i := range d.parts.boards {
		bauds = append(bauds, label(i)+"baud")
	}
	for i, b := range d.parts.boards {
		checks = append(checks, d.boardChecks(b, label(i), bauds)...)
	}
	for i, output := range d.parts.outputs {
		k := d.outputConnection(i, output)
		var reached []string
		checks = append(checks, k.checks(&reached)...)
		var deliveries []check
		for _, t := range d.topics(k, output) {
			found, delivery := t.checks(&reached)
			checks, deliveries = append(checks, found...), append(deliveries, delivery)
		}
		checks = append(append(checks, d.outboxChecks(k.label, output)...), deliveries...)
	}
	return checks
}

func (d *doctor) centralChecks() (checks []check) {
	for i, input := range d.parts.inputs {
		k := d.inputConnection(i, input)
		var reached []string
		checks = append(checks, k.checks(&reached)...)
		checks = append(checks, d.sitesChecks(k, input, &reached)...)
	}
	for i, s := range d.parts.stores {
		checks = append(checks, d.influxChecks(s, labelOf("InfluxDB", strconv.Itoa(i+1), len(d.parts.stores) > 1))...)
	}
	return checks
}

// labelOf returns a prefix for the names of the checks of one part, if there are several parts of its kind.
func labelOf(kind, name string, several bool) string {
	if !several {
		return ""
	}
	return kind + " " + name + ": "
}
