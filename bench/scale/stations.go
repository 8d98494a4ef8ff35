package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/telegraf-station/telegraf-station/internal/stationctl/simulate"
)

// stations is a running `stationctl simulate`.
type stations struct {
	command   *exec.Cmd
	out       bytes.Buffer
	connected chan struct{}
	read      chan struct{} // closed when all output was read
}

// simulate starts stations; their topics must exist.
func (b *bed) simulate(ctx context.Context, sites, count int, more ...string) (*stations, error) {
	s := &stations{connected: make(chan struct{}), read: make(chan struct{})}
	args := append([]string{
		"simulate", "--json", "--brokers", strings.Join(b.brokers.Addresses(), ","), "--sites", strconv.Itoa(sites), "--stations", strconv.Itoa(count),
	}, more...)
	s.command = exec.CommandContext(ctx, b.stationctl, args...) //nolint:gosec // built by us
	s.command.Cancel = func() error { return s.command.Process.Signal(syscall.SIGINT) }
	s.command.WaitDelay = time.Minute
	s.command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	s.command.Stdout = &s.out
	said, err := s.command.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := s.command.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(s.read)
		for lines := bufio.NewScanner(said); lines.Scan(); {
			if strings.HasPrefix(lines.Text(), "all ") {
				close(s.connected)
			}
		}
	}()
	return s, nil
}

// awaitConnected waits until the first reading of each site is acknowledged.
func (s *stations) awaitConnected(ctx context.Context) error {
	select {
	case <-s.connected:
		return nil
	case <-s.read:
		return errors.New("the stations exited before all of them connected")
	case <-ctx.Done():
		return ctx.Err()
	}
}

// wait returns when the stations have exited, on their own or after interrupt. The summary contains errors of stations.
func (s *stations) wait() (sum simulate.Summary, err error) {
	<-s.read
	ended := s.command.Wait()
	var exit *exec.ExitError
	if ended != nil && (!errors.As(ended, &exit) || exit.ExitCode() != 1) {
		return sum, fmt.Errorf("stationctl simulate: %w", ended)
	}
	if err := json.Unmarshal(s.out.Bytes(), &sum); err != nil {
		return sum, fmt.Errorf("invalid output of stationctl simulate: %.200q: %w", s.out.String(), err)
	}
	for _, trouble := range sum.Errors {
		log.Printf("stations, %d times: %.300s", trouble.Count, trouble.Text)
	}
	return sum, nil
}

func (s *stations) interrupt() error { return s.command.Process.Signal(os.Interrupt) }

// load is the summary of the stations and the CPU of the brokers after all stations had connected.
type load struct {
	simulate.Summary
	Brokers float64 // CPU s per 100,000 records
}

// run runs stations until they exit.
func (b *bed) run(ctx context.Context, sites, count int, more ...string) (l load, err error) {
	s, err := b.simulate(ctx, sites, count, more...)
	if err != nil {
		return l, err
	}
	if err := s.awaitConnected(ctx); err != nil {
		_, ended := s.wait()
		return l, errors.Join(err, ended)
	}
	before, err := usageOf(b.brokers.PIDs())
	if err != nil {
		return l, err
	}
	if l.Summary, err = s.wait(); err != nil {
		return l, err
	}
	after, err := usageOf(b.brokers.PIDs())
	l.Brokers = perHundredThousand(after.CPU-before.CPU, l.Acknowledged-int64(sites))
	logResult("%d sites: %d acknowledged, %.0f/s, %.2f CPU s (stations) and %.2f CPU s (brokers) per 100,000; connected in %.1f s; %d MB", sites,
		l.Acknowledged, l.PerSecond, l.CPUPer100k, l.Brokers, l.ConnectSeconds, l.PeakMemory/1e6)
	return l, err
}

func perHundredThousand(cpu time.Duration, records int64) float64 {
	return cpu.Seconds() / float64(max(1, records)) * 100_000
}

// interval returns the interval at which stations write -rate readings per second together.
func (o options) interval(stations int) time.Duration {
	return time.Duration(stations) * time.Second / time.Duration(o.rate)
}

// period is -seconds.
func (o options) period() time.Duration { return time.Duration(o.seconds) * time.Second }

// create adds topics and returns the number created per second.
func (b *bed) create(ctx context.Context, from, to int) (perSecond float64, err error) {
	var rows strings.Builder
	rows.WriteString("site,index,type\n")
	for i := from; i < to; i++ {
		fmt.Fprintf(&rows, "SIM%d,1,sim\n", i+1)
	}
	file := filepath.Join(b.dir, "sites.csv")
	if err := os.WriteFile(file, []byte(rows.String()), 0o600); err != nil { //nolint:gosec // in our directory
		return 0, err
	}
	began := time.Now()
	command := exec.CommandContext(ctx, b.stationctl, "site", "plan", file, "--brokers", strings.Join(b.brokers.Addresses(), ","), "--no-user", "--apply") //nolint:gosec // as above
	// Exit code 1 is a warning: too many partitions for brokers of another size.
	output, err := command.CombinedOutput()
	if err != nil && command.ProcessState.ExitCode() != 1 {
		return 0, fmt.Errorf("stationctl site plan: %w: %.2000s", err, output)
	}
	return float64(to-from) / time.Since(began).Seconds(), nil
}
