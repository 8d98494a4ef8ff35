// Package telegraf builds our Telegraf and runs it with the shipped configuration files and an environment.
package telegraf

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/telegraf-station/telegraf-station/conf"
	"github.com/telegraf-station/telegraf-station/internal/record"
	"github.com/telegraf-station/telegraf-station/test/bed/cache"
	"github.com/telegraf-station/telegraf-station/test/bed/process"
)

// Build builds our Telegraf from this checkout and returns its path; without changes that takes seconds. If several processes need it, one at a
// time builds, and the next ones have nothing to do, so that no program is replaced while another test runs it.
func Build(ctx context.Context, progress io.Writer) (binary string, err error) {
	root, err := checkout(ctx)
	if err != nil {
		return "", err
	}
	folder := filepath.Join(root, "build")
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return "", err
	}
	unlock, err := cache.Lock(ctx, filepath.Join(folder, "telegraf.lock"))
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	binary = filepath.Join(folder, "telegraf")
	return binary, process.Run(ctx, process.Command{
		Path: "go", Args: []string{"run", "./cmd/telegraf", "--output", binary}, Dir: root, Output: progress,
	})
}

func checkout(ctx context.Context) (string, error) {
	answer, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("cannot find the Go module: %w", err)
	}
	file := string(bytes.TrimSpace(answer))
	if filepath.Base(file) != "go.mod" {
		return "", errors.New("this must run inside a checkout of telegraf-station")
	}
	return filepath.Dir(file), nil
}

// Station is the configuration of the Telegraf of a Pi.
type Station struct {
	Port, DeviceID, Site, Index, Type string
	Brokers                           []string
	// Outbox is the directory of the outbox; empty: outbox in the directory of the configuration, so that it survives a restart there.
	Outbox string
	// Configuration replaces conf/pi/telegraf.conf unless it is empty.
	Configuration string
	// Arguments are added to the command line.
	Arguments []string
}

// Topic returns the topic of its records.
func (s Station) Topic() string { return s.name().Topic() }

// Measurement returns the measurement of its points.
func (s Station) Measurement() string { return s.name().Measurement() }

func (s Station) name() record.SiteName {
	return record.SiteName{Site: s.Site, Index: s.Index, Type: s.Type}
}

// Start runs Telegraf with the configuration of a Pi in dir.
func (s Station) Start(binary, dir string) (*process.Process, error) {
	environment, err := s.environment(dir)
	if err != nil {
		return nil, err
	}
	return start(binary, dir, cmp.Or(s.Configuration, conf.Pi), environment, s.Arguments...)
}

// Test runs `telegraf --test` with the configuration of a Pi and returns its output. under is the command line of a program that runs it,
// such as sudo.
func (s Station) Test(ctx context.Context, binary, dir string, under ...string) (string, error) {
	file, err := write(dir, cmp.Or(s.Configuration, conf.Pi))
	if err != nil {
		return "", err
	}
	environment, err := s.environment(dir)
	if err != nil {
		return "", err
	}
	command := slices.Concat(under, []string{binary, "--strict-env-handling", "--config", file, "--test"})
	var output bytes.Buffer
	err = process.Run(ctx, process.Command{Path: command[0], Args: command[1:], Env: environment, Output: &output})
	return output.String(), err
}

func (s Station) environment(dir string) ([]string, error) {
	outbox, err := filepath.Abs(cmp.Or(s.Outbox, filepath.Join(dir, "outbox")))
	if err != nil {
		return nil, err
	}
	return []string{
		"STATION_PORT=" + s.Port, "STATION_DEVICE_ID=" + s.DeviceID,
		"STATION_SITE=" + s.Site, "STATION_INDEX=" + s.Index, "STATION_TYPE=" + s.Type,
		"KAFKA_BROKERS=" + strings.Join(s.Brokers, ","), "STATION_OUTBOX=" + outbox,
	}, nil
}

// Central is the configuration of a central Telegraf.
type Central struct {
	Brokers                 []string
	URL, Token, Org, Bucket string
	// RefreshInterval is the time until the topic of a new site is detected; 0: the shipped 30s.
	RefreshInterval time.Duration
	// Environment has more variables, such as the Kafka password.
	Environment []string
	// Edit changes the shipped configuration; nil: no change.
	Edit func(configuration string) string
	// Arguments are added to the command line.
	Arguments []string
}

// Start runs Telegraf with the central configuration in dir.
func (c Central) Start(binary, dir string) (*process.Process, error) {
	configuration := conf.Central
	if c.Edit != nil {
		configuration = c.Edit(configuration)
	}
	return start(binary, dir, configuration, c.environment(), c.Arguments...)
}

func (c Central) environment() []string {
	environment := []string{
		"KAFKA_BROKERS=" + strings.Join(c.Brokers, ","),
		"INFLUX_URL=" + c.URL, "INFLUX_TOKEN=" + c.Token, "INFLUX_ORG=" + c.Org, "INFLUX_BUCKET=" + c.Bucket,
	}
	environment = append(environment, c.Environment...)
	if c.RefreshInterval > 0 {
		environment = append(environment, "STATION_REFRESH_INTERVAL="+c.RefreshInterval.String())
	}
	return environment
}

func start(binary, dir, configuration string, environment []string, arguments ...string) (*process.Process, error) {
	file, err := write(dir, configuration)
	if err != nil {
		return nil, err
	}
	return process.Start(process.Command{
		Path: binary, Args: append([]string{"--strict-env-handling", "--config", file}, arguments...), Env: environment,
		Dir: dir, LogFile: filepath.Join(dir, "telegraf.log"),
	})
}

func write(dir, configuration string) (string, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	file := filepath.Join(dir, "telegraf.conf")
	return file, os.WriteFile(file, []byte(configuration), 0o600)
}
