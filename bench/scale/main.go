// Command scale measures the growth of our programs and Kafka with the number of sites: three real brokers, a real InfluxDB 2, the stations of
// `stationctl simulate`, and central Telegraf instances with the shipped configuration, all on this machine. It writes a Markdown table and a plot.
//
//	go run ./bench/scale -quick
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/telegraf-station/telegraf-station/bench/command"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		log.Fatal(err) //nolint:gocritic // the kernel takes the signal handler back
	}
}

func run(ctx context.Context, args []string) (err error) {
	o, err := parse(args)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp(o.dir, "bench-scale-")
	if err != nil {
		return err
	}
	if o.keep {
		log.Printf("all files are kept in %s", dir)
	} else {
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	began := time.Now()
	b, err := newBed(ctx, o, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	r, measured := b.measure(ctx)
	r.Heading = o.heading(time.Since(began))
	if measured != nil {
		fmt.Print(r.table()) // the results so far; the files are only for complete runs
		return measured
	}
	return command.WriteResults(o.out, r.table()+"\n"+r.plan(), r.plot())
}

// measure increases the number of sites step by step; the fleet runs as soon as its sites exist.
func (b *bed) measure(ctx context.Context) (r results, err error) {
	for _, sites := range b.options.sites {
		s, err := b.step(ctx, sites)
		if err != nil {
			return r, fmt.Errorf("%d sites: %w", sites, err)
		}
		r.Steps = append(r.Steps, s)
		if sites != b.options.fleetSites {
			continue
		}
		for _, centrals := range b.options.centrals {
			f, err := b.fleet(ctx, centrals)
			if err != nil {
				return r, fmt.Errorf("%d central Telegraf instances: %w", centrals, err)
			}
			r.Fleets = append(r.Fleets, f)
		}
	}
	return r, nil
}
