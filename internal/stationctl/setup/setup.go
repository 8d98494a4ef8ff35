// Package setup makes the configuration of a station: it gets the answers (flags, a file, a person), tests each at once, writes the
// files and takes a reading.
//
// The answers' way: values.go -> check.go (is it a good one?) -> doubts.go (is what it names there?) -> configuration.go and
// environment.go, which edit the files in place -> files.go -> reading.go. interview.go asks a person (questions.go,
// interview_kafka.go), batch.go nobody.
package setup

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"github.com/telegraf-station/telegraf-station/internal/installed"
	"github.com/telegraf-station/telegraf-station/internal/serialport"
	"github.com/telegraf-station/telegraf-station/internal/stationctl/host"
)

// Options say what to set up.
type Options struct {
	// Configuration and Environment are the files.
	Configuration, Environment string
	// Telegraf is the program that takes the reading at the end; empty: none does.
	Telegraf string
	// Given are answers by their names.
	Given Values
	// From tells where each of them comes from, e.g. "flag --site".
	From map[string]string
	// Yes asks nothing.
	Yes bool
	// System is where the ports are, and Root where the service's unit is.
	System serialport.System
	Root   string
	In     io.Reader
	// Out is for the person who is asked.
	Out io.Writer
}

// Result is what was done. It has no secrets.
type Result struct {
	Configuration File          `json:"configuration"`
	Environment   *File         `json:"environment,omitempty"` // nil: nothing belongs there
	Answers       Values        `json:"answers"`
	Topic         string        `json:"topic"`
	Warnings      []string      `json:"warnings"`
	Reading       *host.Reading `json:"reading,omitempty"`
	// Note says why no reading was taken where that is as it should be.
	Note string `json:"note,omitempty"`
	// Restart is the command that makes the service use the files, "" if there is no service.
	Restart string `json:"restart,omitempty"`
}

// work is one run.
type work struct {
	Options
	account  host.Account
	hasUnit  bool
	existing Values // of the configuration file
	answers  Values
	warnings []string
	// silent says that no broker answered; kafka is what they told.
	silent bool
	kafka  *cluster

	configuration   *configuration
	environment     *environment
	oldText         string
	environmentPath string
}

// Run does all of it. An error means that nothing was written, or not all.
func Run(ctx context.Context, options Options) (*Result, error) {
	if err := options.makeAbsolute(); err != nil {
		return nil, err
	}
	units := host.FindUnits(options.Root)
	w := &work{Options: options, hasUnit: len(units) > 0, account: host.FindAccount(units)}
	if err := w.load(); err != nil {
		return nil, err
	}
	if err := w.gather(ctx); err != nil {
		return nil, err
	}
	result, err := w.write()
	if err != nil {
		return nil, err
	}
	return result, w.test(ctx, result)
}

// makeAbsolute is for Telegraf, which is run in another folder.
func (o *Options) makeAbsolute() (err error) {
	if o.Configuration, err = filepath.Abs(o.Configuration); err != nil {
		return err
	}
	o.Environment, err = filepath.Abs(o.Environment)
	return err
}

// load reads what is there, and makes sure that it can be changed.
func (w *work) load() error {
	if err := checkWritable(w.Configuration); err != nil {
		return err
	}
	path, text, err := readText(w.Configuration)
	if err != nil {
		return err
	}
	w.oldText = text
	if w.configuration, err = newConfiguration(path, text); err != nil {
		return err
	}
	w.environment = &environment{}
	if w.environmentPath, w.environment.text, err = readText(w.Environment); err != nil {
		return err
	}
	w.existing = w.configuration.values(w.environment.variables())
	return nil
}

func (w *work) gather(ctx context.Context) error {
	if !w.Yes && !w.complete() {
		if person := newTerminal(w.In, w.Out); person != nil {
			return (&interview{work: w, terminal: person}).run(ctx)
		}
	}
	return w.batch(ctx)
}

// complete says that everything needed is given: there is nothing to ask.
func (w *work) complete() bool {
	for _, name := range required() {
		if w.Given[name] == "" {
			return false
		}
	}
	mechanism := w.Given[Mechanism]
	return mechanism == "" || mechanism == None || w.Given[Username] != "" && w.Given[PasswordFile] != ""
}

func required() []string { return []string{Site, Index, Type, DeviceID, Port, Brokers} }

func (w *work) write() (*Result, error) {
	variables := w.environment.variables()
	before := w.environment.text
	secrets := w.answers.hasCredentials() && !w.answers.credentialsElsewhere()
	if secrets {
		w.environment.set(usernameVariable, w.answers[Username])
		w.environment.set(passwordVariable, w.answers[password])
		variables = w.environment.variables()
	}
	if err := w.configuration.edit(w.answers, variables); err != nil {
		return nil, err
	}
	result := &Result{Topic: w.answers.topic(), Warnings: append([]string{}, w.warnings...), Answers: w.answers.public()}
	var err error
	// The secrets come first: a configuration that names variables which are not there yet would not start.
	if secrets {
		result.Environment = &File{Path: w.environmentPath}
		if result.Environment.Changed, err = put(w.environmentPath, w.environment.text); err != nil {
			return nil, fmt.Errorf("nothing was changed: %w", err)
		}
	}
	result.Configuration, err = putKeeping(w.configuration.path, w.oldText, w.configuration.text)
	if err != nil && before != w.environment.text {
		err = fmt.Errorf("%w (%s is written already)", err, w.environmentPath)
	}
	if w.hasUnit {
		result.Restart = installed.Restart
	}
	return result, err
}

// public are the answers that may be shown.
func (v Values) public() Values {
	shown := maps.Clone(v)
	for _, name := range []string{Username, password, PasswordFile} {
		delete(shown, name)
	}
	return shown
}

// test takes a reading. That there is none is a warning: the files are written.
func (w *work) test(ctx context.Context, result *Result) error {
	if w.Telegraf == "" {
		return nil
	}
	if path, err := w.findPort(w.answers[Port]); err == nil && w.System.UsedByTelegraf(path) {
		result.Note = fmt.Sprintf("No reading was taken: a running Telegraf has %s. After its restart \"journalctl -u %s -n 20\" shows how it does.", path, installed.Service)
		return nil
	}
	if w.Out != nil {
		_, _ = fmt.Fprintf(w.Out, "Waiting for a reading ...\n") // for a person only
	}
	reading, err := host.TakeReading(ctx, w.Telegraf, w.configuration.path, w.environment.variables(), w.account)
	result.Reading = reading
	if ctx.Err() != nil {
		return fmt.Errorf("the files are written, but the reading was interrupted: %w", ctx.Err())
	}
	if err != nil {
		result.Warnings = append(result.Warnings, err.Error())
	}
	return nil
}

// savedPassword is the password that is there already: in the variable of this program's caller, else in the files.
func (w *work) savedPassword() string {
	if given := os.Getenv(passwordVariable); given != "" {
		return given
	}
	return w.existing[password]
}

// source names where a bad answer came from.
func (w *work) source(name string) string {
	if from := w.From[name]; from != "" {
		return from
	}
	if name == password {
		return w.source(PasswordFile)
	}
	if w.existing[name] != "" && w.Given[name] == "" {
		return fmt.Sprintf("%s of %s", strings.ReplaceAll(name, "-", "_"), w.configuration.path)
	}
	return "flag --" + name
}
