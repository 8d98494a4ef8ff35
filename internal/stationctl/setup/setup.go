// Package setup configures a station: it gets answers from flags, a file, or the user, tests them, writes the files, and takes a reading.
//
// An answer (values.go, answersfile.go) is normalized (normalize.go), probed (probe.go, kafka.go), and set in the configuration
// (configuration.go, toml.go), which is then written (files.go). dialog.go and dialog_kafka.go ask the user (questions.go, terminal.go),
// unattended.go asks no questions. station.go edits the configuration of a station on another computer.
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

// Options set what to set up.
type Options struct {
	// Configuration and Environment are the files.
	Configuration, Environment string
	// Telegraf is the program that takes the test reading; empty for no reading.
	Telegraf string
	// Given has the answers that are already known.
	Given Values
	// From has the origin of each of them, e.g. "flag --site".
	From map[string]string
	// Yes is true to ask no questions.
	Yes bool
	// System has the serial ports; Root has the systemd units.
	System serialport.System
	Root   string
	In     io.Reader
	// Out is for the questions.
	Out io.Writer
}

// Result is what was done. It contains no secrets.
type Result struct {
	Configuration File          `json:"configuration"`
	Environment   *File         `json:"environment,omitempty"` // nil if it is not needed
	Answers       Values        `json:"answers"`
	Topic         string        `json:"topic"`
	Warnings      []string      `json:"warnings"`
	Reading       *host.Reading `json:"reading,omitempty"`
	// Note states why no reading was taken, if that is not a problem.
	Note string `json:"note,omitempty"`
	// Restart is the command that restarts the service, or "" if there is no service.
	Restart string `json:"restart,omitempty"`
}

// session is one run.
type session struct {
	Options
	account  host.Account
	hasUnit  bool
	existing Values // of the configuration file
	answers  Values
	warnings []string
	// unreachable is true if no broker is reachable; kafka describes the cluster.
	unreachable bool
	kafka       *cluster

	configuration   *configuration
	oldText         string // of the configuration
	environmentText string
	environmentPath string
}

// Run sets up the station. If it returns an error and no result, no file or only the environment file was written.
func Run(ctx context.Context, options Options) (*Result, error) {
	if err := options.makeAbsolute(); err != nil {
		return nil, err
	}
	units := host.FindUnits(options.Root)
	w := &session{Options: options, hasUnit: len(units) > 0, account: host.FindAccount(units)}
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

// makeAbsolute makes the paths absolute, because Telegraf runs in another directory.
func (o *Options) makeAbsolute() (err error) {
	if o.Configuration, err = filepath.Abs(o.Configuration); err != nil {
		return err
	}
	o.Environment, err = filepath.Abs(o.Environment)
	return err
}

// load reads the files and checks that they can be changed.
func (w *session) load() error {
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
	if w.environmentPath, w.environmentText, err = readText(w.Environment); err != nil {
		return err
	}
	w.existing = w.configuration.values(installed.Variables(w.environmentText))
	return nil
}

func (w *session) gather(ctx context.Context) error {
	if !w.Yes && !w.complete() {
		if terminal := newTerminal(w.In, w.Out); terminal != nil {
			return (&dialog{session: w, terminal: terminal}).run(ctx)
		}
	}
	return w.unattended(ctx)
}

// complete reports whether all required answers are given.
func (w *session) complete() bool {
	for _, name := range required() {
		if w.Given[name] == "" {
			return false
		}
	}
	mechanism := w.Given[Mechanism]
	return mechanism == "" || mechanism == None || w.Given[Username] != "" && w.Given[PasswordFile] != ""
}

func required() []string { return []string{Site, Index, Type, DeviceID, Port, Brokers} }

func (w *session) write() (*Result, error) {
	variables, before := installed.Variables(w.environmentText), w.environmentText
	secrets := w.answers.hasCredentials() && !w.answers.hasUnmanagedLogin()
	if secrets {
		w.environmentText = installed.Set(w.environmentText, usernameVariable, w.answers[Username])
		w.environmentText = installed.Set(w.environmentText, passwordVariable, w.answers[password])
		variables = installed.Variables(w.environmentText)
	}
	if err := w.configuration.edit(w.answers, variables); err != nil {
		return nil, err
	}
	result := &Result{Topic: w.answers.topic(), Warnings: append([]string{}, w.warnings...), Answers: w.answers.public()}
	var err error
	// The secrets are written first: Telegraf does not start if a variable in the configuration is missing.
	if secrets {
		result.Environment = &File{Path: w.environmentPath}
		if result.Environment.Changed, err = writeFile(w.environmentPath, w.environmentText); err != nil {
			return nil, fmt.Errorf("nothing was changed: %w", err)
		}
	}
	result.Configuration, err = writeWithBackup(w.configuration.path, w.oldText, w.configuration.text)
	if err != nil && before != w.environmentText {
		err = fmt.Errorf("%w; %s was already written", err, w.environmentPath)
	}
	if w.hasUnit {
		result.Restart = installed.Restart
	}
	return result, err
}

// public returns the answers without secrets.
func (v Values) public() Values {
	shown := maps.Clone(v)
	for _, name := range []string{Username, password, PasswordFile} {
		delete(shown, name)
	}
	return shown
}

// test takes a reading. If there is none, that is only a warning, because the files are written.
func (w *session) test(ctx context.Context, result *Result) error {
	if w.Telegraf == "" {
		return nil
	}
	if path, err := w.findPort(w.answers[Port]); err == nil && w.System.UsedByTelegraf(path) {
		result.Note = fmt.Sprintf("No reading was taken, because a running Telegraf uses %s. After the restart, check its messages with \"journalctl -u %s -n 20\".", path, installed.Service)
		return nil
	}
	if w.Out != nil {
		_, _ = fmt.Fprintf(w.Out, "Waiting for a reading ...\n") // for the user only
	}
	reading, err := host.TakeReading(ctx, w.Telegraf, w.configuration.path, installed.Variables(w.environmentText), w.account)
	result.Reading = reading
	if ctx.Err() != nil {
		return fmt.Errorf("the files were written, but the test reading was interrupted: %w", ctx.Err())
	}
	if err != nil {
		result.Warnings = append(result.Warnings, err.Error())
	}
	return nil
}

// currentPassword returns the password in the environment of this process or, if there is none, in the files.
func (w *session) currentPassword() string {
	if given := os.Getenv(passwordVariable); given != "" {
		return given
	}
	return w.existing[password]
}

// source names the origin of an invalid answer.
func (w *session) source(name string) string {
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
