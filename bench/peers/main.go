// Command peers compares our programs with the programs they replace, alternatives, and the limits: for stations with Python and Apache Flume,
// stock Telegraf, and a bare producer; for the central side with NodeJS consumers, stock Telegraf, and a bare writer. In one run, all get the same
// input, real Kafka brokers, and a real InfluxDB 2. It writes a Markdown table and a plot.
//
//	go run ./bench/peers -quick
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/telegraf-station/telegraf-station/bench/command"
	"github.com/telegraf-station/telegraf-station/bench/peers/contender"
	"github.com/telegraf-station/telegraf-station/bench/peers/figures"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		log.Fatal(err) //nolint:gocritic // the kernel takes the signal handler back
	}
}

// bench is a benchmark run.
type bench struct {
	options  options
	programs contender.Programs
	cluster  cluster
	dir      string
	turns    int
}

func run(ctx context.Context, args []string) (err error) {
	b := &bench{}
	if b.options, err = parse(args); err != nil {
		return err
	}
	if b.dir, err = os.MkdirTemp(b.options.dir, "bench-peers-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.tidy()) }()
	if b.programs, err = contender.Install(ctx, b.dir, os.Stderr); err != nil {
		return err
	}
	if b.cluster, err = startCluster(ctx, b.dir); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.cluster.close()) }()
	return b.compare(ctx)
}

func (b *bench) tidy() error {
	if b.options.keep {
		log.Printf("all files are kept in %s", b.dir)
		return nil
	}
	return os.RemoveAll(b.dir)
}

func (b *bench) compare(ctx context.Context) error {
	stations, centrals := b.options.pick("station", contender.Stations()), b.options.pick("central", contender.Centrals())
	report := figures.Report{Heading: b.options.heading(), Stations: named(stations), Central: named(centrals)}
	log.Printf("this takes about %s", b.options.estimate(stations, centrals))
	if err := b.measure(ctx, stations, centrals, report); err != nil {
		fmt.Print(report.Table()) // the results so far; the files are only for complete runs
		return err
	}
	return b.options.write(report)
}

func (b *bench) measure(ctx context.Context, stations, centrals []contender.Contender, report figures.Report) error {
	for round := range b.options.rounds {
		log.Printf("round %d of %d", round+1, b.options.rounds)
		if err := b.turnEach(ctx, round, stations, report.Stations, b.stationRound); err != nil {
			return err
		}
		if err := b.turnEach(ctx, round, centrals, report.Central, b.centralRound); err != nil {
			return err
		}
	}
	for i, c := range stations {
		if c.Limit {
			continue
		}
		var err error
		if report.Stations[i].Written, err = b.wear(ctx, c); err != nil {
			return fmt.Errorf("%s: %w", c.Name, err)
		}
	}
	return nil
}

func named(all []contender.Contender) (results []figures.Contender) {
	for _, c := range all {
		results = append(results, figures.Contender{Name: c.Name, Limit: c.Limit, Phases: map[int][]figures.Phase{}})
	}
	return results
}

type measureFunc func(context.Context, contender.Contender, contender.Place) (map[int]figures.Phase, error)

// turnEach gives each contender a turn, in reverse order in every second round.
func (b *bench) turnEach(ctx context.Context, round int, all []contender.Contender, results []figures.Contender, measure measureFunc) error {
	for i := range all {
		if round%2 == 1 {
			i = len(all) - 1 - i
		}
		err := b.turn(filepath.Join(b.dir, "turn"), func(place contender.Place) error {
			phases, err := measure(ctx, all[i], place)
			for speed, phase := range phases {
				results[i].Phases[speed] = append(results[i].Phases[speed], phase)
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("%s: %w", all[i].Name, err)
		}
	}
	return nil
}

// turn gives a contender a new topic and a directory in dir.
func (b *bench) turn(dir string, measure func(contender.Place) error) (err error) {
	b.turns++
	site := fmt.Sprintf("site%d", b.turns)
	place := contender.Place{Dir: filepath.Join(dir, site), Port: filepath.Join(b.dir, site+"-port"), Site: site, Brokers: b.cluster.Addresses()}
	if err := os.MkdirAll(place.Dir, 0o700); err != nil {
		return err
	}
	if err := b.cluster.create(place.Topic()); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.cluster.delete(place.Topic())) }()
	if !b.options.keep {
		defer func() { err = errors.Join(err, os.RemoveAll(place.Dir)) }()
	}
	return measure(place)
}

// write prints the report and writes its files.
func (o options) write(report figures.Report) error {
	text := report.Table() + "\n" + figures.Targets(targets(), slices.Concat(report.Stations, report.Central))
	plot := report.Plot(func(name string) bool { return strings.HasPrefix(name, "ours") })
	return command.WriteResults(o.out, text, plot)
}
