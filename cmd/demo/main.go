// Command demo runs the whole way on this machine, with nothing but Go installed: simulated Arduinos print readings, a Telegraf a
// station reads them and writes them to an embedded Kafka, the central Telegraf writes them to InfluxDB 1.8, and the terminal
// shows each hop. The Telegrafs run with the shipped configuration files.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/telegraf-station/telegraf-station/test/bed/avr"
)

// options are the command line's.
type options struct {
	sites    int
	duration time.Duration
	keep     bool
	board    string
}

// maxSites keeps the demo within a small machine: each site is a Telegraf of its own.
const maxSites = 20

func main() {
	var opts options
	flag.IntVar(&opts.sites, "sites", 1, fmt.Sprintf("how many sites, each with a simulated Arduino (1 to %d)", maxSites))
	flag.DurationVar(&opts.duration, "for", 0, "how long the Arduinos print, e.g. 30s (until Ctrl-C if not given)")
	flag.BoolVar(&opts.keep, "keep", false, "leave Kafka, InfluxDB and the Telegrafs running afterwards, until Ctrl-C, and print their addresses")
	flag.StringVar(&opts.board, "board", boardAuto, "what the Arduinos are: avr, the project's sketch on a simulated chip; go, a simulation in Go; auto, avr if its packages are installed")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, opts, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1) //nolint:gocritic // the process ends: nothing is left for stop to do
	}
}

func run(ctx context.Context, opts options, out io.Writer) error {
	if opts.sites < 1 || opts.sites > maxSites {
		return fmt.Errorf("--sites must be between 1 and %d (got %d)", maxSites, opts.sites)
	}
	if opts.duration < 0 {
		return fmt.Errorf("--for must not be negative (got %s)", opts.duration)
	}
	sketch, told, err := chooseBoard(opts.board, avr.Missing())
	if err != nil {
		return err
	}
	screen := newScreen(out)
	screen.printf("%s.", told)
	parts, err := startParts(ctx, opts.sites, sketch, screen)
	if err != nil {
		if ctx.Err() != nil { // Ctrl-C while things build
			return nil
		}
		return err
	}
	defer parts.stop(screen)
	if err := show(ctx, parts, opts.duration, screen); err != nil {
		return err
	}
	if opts.keep && ctx.Err() == nil {
		parts.printAddresses(screen)
		<-ctx.Done()
	}
	return nil
}
