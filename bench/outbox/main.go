// Command outbox measures what the outbox could be stored in, each candidate in a process of its own on a fresh ext4.
//
//	cd bench/outbox && sudo go run . [-only NAME] [-measure wear,time,...]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"slices"
	"strings"
)

func main() {
	only := flag.String("only", "", "the one candidate to measure, of: "+strings.Join(names(candidates()), ", "))
	measure := flag.String("measure", "", "what to measure, separated by commas, of: "+strings.Join(measureNames(), ", ")+"; all if empty")
	flag.Parse()
	if err := run(context.Background(), *only, *measure); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, only, measure string) (err error) {
	chosen, err := choose(only)
	if err != nil {
		return err
	}
	taken, err := chooseMeasures(measure)
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "bench-outbox-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	b := &bench{folder: folder, builds: map[string]string{}}
	var t table
	for _, m := range taken {
		log.Printf("%s, of %d candidates", m.name, len(chosen))
		if err := m.run(ctx, b, chosen, &t); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
	}
	return t.print(os.Stdout, names(chosen))
}

func choose(only string) ([]candidate, error) {
	if only == "" {
		return candidates(), nil
	}
	for _, c := range candidates() {
		if c.name == only {
			return []candidate{c}, nil
		}
	}
	return nil, fmt.Errorf("there is no candidate %q: name one of %q", only, names(candidates()))
}

// measures are in the order of the table. Each measures all the candidates.
func measures() []measure {
	return []measure{
		{"wear", each(wear)},
		{"paced", paced},
		{"bulk", each(bulk)},
		{"time", each(timing)},
		{"torn", each(torn)},
		{"flipped", each(flipped)},
		{"full", each(full)},
		{"power", each(power)},
		{"arm", each(arm)},
		{"memory", each(memory)},
	}
}

type measure struct {
	name string
	run  func(ctx context.Context, b *bench, chosen []candidate, t *table) error
}

// each measures one candidate after the other.
func each(one func(ctx context.Context, b *bench, c candidate, t *table) error) func(context.Context, *bench, []candidate, *table) error {
	return func(ctx context.Context, b *bench, chosen []candidate, t *table) error {
		for _, c := range chosen {
			if err := one(ctx, b, c, t); err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
		}
		return nil
	}
}

func measureNames() []string {
	var all []string
	for _, m := range measures() {
		all = append(all, m.name)
	}
	return all
}

func chooseMeasures(list string) ([]measure, error) {
	if list == "" {
		return measures(), nil
	}
	var taken []measure
	for name := range strings.SplitSeq(list, ",") {
		i := slices.Index(measureNames(), name)
		if i < 0 {
			return nil, fmt.Errorf("there is no measure %q: name some of %q", name, measureNames())
		}
		taken = append(taken, measures()[i])
	}
	return taken, nil
}
