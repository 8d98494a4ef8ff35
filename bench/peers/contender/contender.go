// Package contender starts what the measurement compares: our programs, the peers and the bare limits, each with the settings that its
// documentation advises.
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

// Place is where a contender works, for one round.
type Place struct {
	Dir     string // for all its files
	Site    string
	Brokers []string
	Port    string           // of a station's board
	Store   *influxdb.Server // of the central Telegraf
}

// Topic has the records.
func (p Place) Topic() string { return p.Site + "_1_rasp" }

// Measurement has the points.
func (p Place) Measurement() string { return p.Site + "_rasp" }

// Points is the file of line protocol that the bare writer reads.
func (p Place) Points() string { return filepath.Join(p.Dir, "points") }

// Contender is a way to do a station's or the central Telegraf's work.
type Contender struct {
	Name  string
	Limit bool // no whole solution, but what one can reach at best
	// Paced is whether it is measured at fixed speeds, Full whether at full speed.
	Paced, Full bool
	// Share is the part of the full speed's records that it gets, where all would take too long; 0 is all of them.
	Share float64
	// Ready is what it prints when it takes signals; empty: it does not say.
	Ready string
	// Points is whether it takes line protocol from Place.Points, each time after SIGCONT, and not records from Kafka.
	Points bool

	start func(Programs, Place) ([]process.Command, error)
}

// Start runs its programs. What was started before one failed is stopped.
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

// settings are what the configurations of peers are filled with.
type settings struct{ Place }

func (s settings) Device() string    { return Device }
func (s settings) Bootstrap() string { return strings.Join(s.Brokers, ",") }
func (s settings) URL() string       { return s.Store.URL() }
func (s settings) Token() string     { return s.Store.Token() }
func (s settings) Org() string       { return s.Store.Organization() }
func (s settings) Bucket() string    { return s.Store.Bucket() }

// fill fills in a peer's configuration and puts it into the contender's folder.
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

// write is for what has braces of its own.
func (p Place) write(name, text string) (path string, err error) {
	path = filepath.Join(p.Dir, name)
	return path, os.WriteFile(path, []byte(text), 0o600)
}
