// Command peers measures our programs beside what they replace, what else there is, and the limits: on a station Python with Apache Flume,
// stock Telegraf and a bare producer; in the centre NodeJS consumers, stock Telegraf and a bare writer. All of them get the same input,
// real Kafka brokers and a real InfluxDB 2, in one run. It writes a table in Markdown and a plot.
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
	"time"

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

// bench is a run.
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
		log.Printf("all files are in %s", b.dir)
		return nil
	}
	return os.RemoveAll(b.dir)
}

func (b *bench) compare(ctx context.Context) error {
	stations, centres := b.options.pick("station", contender.Stations()), b.options.pick("centre", contender.Centres())
	heading := b.options.heading()
	log.Printf("about %s", (time.Duration(b.options.rounds*(len(stations)+len(centres))) * b.options.estimate()).Round(time.Minute))
	measured := map[string]map[int][]figures.Phase{}
	for round := range b.options.rounds {
		if err := b.turnEach(ctx, round, stations, b.stationRound, measured); err != nil {
			return err
		}
		if err := b.turnEach(ctx, round, centres, b.centreRound, measured); err != nil {
			return err
		}
	}
	return b.options.write(figures.Report{Heading: heading, Stations: results(stations, measured), Centre: results(centres, measured)})
}

type roundFunc func(context.Context, contender.Contender, contender.Place) (map[int]figures.Phase, error)

// turnEach gives each contender a turn, in the other direction in every second round.
func (b *bench) turnEach(ctx context.Context, round int, all []contender.Contender, measure roundFunc, measured map[string]map[int][]figures.Phase) error {
	turns := slices.Clone(all)
	if round%2 == 1 {
		slices.Reverse(turns)
	}
	for _, c := range turns {
		log.Printf("round %d of %d: %s", round+1, b.options.rounds, c.Name)
		phases, err := b.turn(ctx, c, measure)
		if err != nil {
			return fmt.Errorf("%s: %w", c.Name, err)
		}
		if measured[c.Name] == nil {
			measured[c.Name] = map[int][]figures.Phase{}
		}
		for speed, phase := range phases {
			measured[c.Name][speed] = append(measured[c.Name][speed], phase)
		}
	}
	return nil
}

// turn gives a contender a topic and a folder of its own.
func (b *bench) turn(ctx context.Context, c contender.Contender, measure roundFunc) (phases map[int]figures.Phase, err error) {
	b.turns++
	site := fmt.Sprintf("site%d", b.turns)
	place := contender.Place{Dir: filepath.Join(b.dir, site), Site: site, Brokers: b.cluster.Addresses()}
	if err := os.Mkdir(place.Dir, 0o700); err != nil {
		return nil, err
	}
	if err := b.cluster.create(place.Topic()); err != nil {
		return nil, err
	}
	phases, err = measure(ctx, c, place)
	err = errors.Join(err, b.cluster.delete(place.Topic()))
	if !b.options.keep {
		err = errors.Join(err, os.RemoveAll(place.Dir))
	}
	return phases, err
}

func results(all []contender.Contender, measured map[string]map[int][]figures.Phase) (r []figures.Contender) {
	for _, c := range all {
		r = append(r, figures.Contender{Name: c.Name, Limit: c.Limit, Phases: measured[c.Name]})
	}
	return r
}

// write puts the report into its files, and shows it.
func (o options) write(report figures.Report) error {
	text := report.Table() + "\n" + figures.Targets(stationTargets(), report.Stations) + "\n" + figures.Targets(centreTargets(), report.Centre)
	plot := report.Plot(func(name string) bool { return strings.HasPrefix(name, "ours") })
	if err := os.MkdirAll(o.out, 0o750); err != nil {
		return err
	}
	for name, content := range map[string]string{"results.md": text, "results.svg": plot} {
		if err := os.WriteFile(filepath.Join(o.out, name), []byte(content), 0o600); err != nil {
			return err
		}
	}
	_, err := fmt.Print(text)
	return err
}
