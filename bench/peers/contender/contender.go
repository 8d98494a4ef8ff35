// Package contender starts the contenders: our programs, the peers, and the bare limits, each with the settings that its documentation
// recommends.
package contender

import (
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/telegraf-station/telegraf-station/test/bed/influxdb"
	"github.com/telegraf-station/telegraf-station/test/bed/process"
)

// Device is the device_id of all records.
const Device = "pi"

// Place has the files and servers of a contender for one round.
type Place struct {
	Dir     string // for all its files
	Site    string
	Brokers []string
	Port    string           // of the board
	Store   *influxdb.Server // for the central side
}

// Topic returns the topic of the records.
func (p Place) Topic() string { return p.Site + "_1_rasp" }

// Measurement returns the measurement of the points.
func (p Place) Measurement() string { return p.Site + "_rasp" }

// Points returns the file of line protocol for the bare writer.
func (p Place) Points() string { return filepath.Join(p.Dir, "points") }

// Contender is a program, or several, for the work of a station or central Telegraf.
type Contender struct {
	Name  string
	Limit bool // not a complete solution, but the best possible result
	// Paced is true if it is measured at fixed speeds, Full if at full speed.
	Paced, Full bool
	// Share is the fraction of the records at full speed, if all would take too long; 0: all.
	Share float64
	// Ready is what it prints when it is ready for signals; empty: nothing.
	Ready string
	// Points is true if it reads line protocol from Place.Points after each SIGCONT, instead of records from Kafka.
	Points bool

	start func(Programs, Place) ([]process.Command, error)
}

// Start runs its programs. If one fails to start, it kills the rest.
func (c Contender) Start(programs Programs, place Place) (running []*process.Process, err error) {
	commands, err := c.start(programs, place)
	if err != nil {
		return nil, err
	}
	for _, command := range commands {
		command.Dir = place.Dir
		command.LogFile = filepath.Join(place.Dir, filepath.Base(command.Path)+".log")
		started, err := process.Start(command)
		if err != nil {
			for _, p := range running {
				_ = p.Kill()
			}
			return nil, err
		}
		running = append(running, started)
	}
	return running, nil
}

// settings has the values for the configuration templates of peers.
type settings struct{ Place }

func (s settings) Device() string    { return Device }
func (s settings) Bootstrap() string { return strings.Join(s.Brokers, ",") }
func (s settings) URL() string       { return s.Store.URL() }
func (s settings) Token() string     { return s.Store.Token() }
func (s settings) Org() string       { return s.Store.Organization() }
func (s settings) Bucket() string    { return s.Store.Bucket() }

// fill executes a configuration template and writes the result to the directory of the contender.
func (p Place) fill(name, text string) (path string, err error) {
	filled, err := template.New(name).Parse(text)
	if err != nil {
		return "", err
	}
	var content strings.Builder
	if err := filled.Execute(&content, settings{p}); err != nil {
		return "", err
	}
	return p.write(name, content.String())
}

// write writes a file that is not a template.
func (p Place) write(name, text string) (path string, err error) {
	path = filepath.Join(p.Dir, name)
	return path, os.WriteFile(path, []byte(text), 0o600)
}
