package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/telegraf-station/telegraf-station/bench/command"
	"github.com/telegraf-station/telegraf-station/internal/stationctl/site"
)

// options are the command-line options.
type options struct {
	sites, centrals              []int
	fleetSites, fleetStations    int
	rate, records, seconds, heap int
	out, dir                     string
	keep                         bool
}

func parse(args []string) (o options, err error) {
	flags := flag.NewFlagSet("scale", flag.ContinueOnError)
	quick := flags.Bool("quick", false, "only check that everything works: 10 and 50 sites, seconds for each; the figures are not meaningful")
	sites := flags.String("sites", "10,100,1000,5000", "numbers of sites (topics), ascending")
	centrals := flags.String("centrals", "1,2,4", "numbers of central Telegraf instances for the fleet")
	flags.IntVar(&o.fleetSites, "fleet-sites", 1000, "sites of the fleet, one of -sites; 0: no fleet")
	flags.IntVar(&o.fleetStations, "fleet-stations", 10_000, "stations of the fleet, each with a reading per second")
	flags.IntVar(&o.rate, "rate", 1000, "total readings per second at a fixed rate")
	flags.IntVar(&o.records, "records", 300_000, "readings at full speed")
	flags.IntVar(&o.seconds, "seconds", 15, "seconds at a fixed rate")
	flags.IntVar(&o.heap, "heap", 1024, "maximum heap of a broker, in MB")
	flags.StringVar(&o.out, "out", "bench/scale", "directory for results.md and results.svg; with -quick build/scale")
	flags.StringVar(&o.dir, "dir", os.TempDir(), "directory for the files of brokers, InfluxDB, and central Telegraf instances, on a disk, not in memory")
	flags.BoolVar(&o.keep, "keep", false, "keep those files")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if *quick {
		command.SetUnlessGiven(flags, map[string]string{
			"sites": "10,50", "centrals": "1,2", "fleet-sites": "50", "fleet-stations": "500", "rate": "200", "records": "20000", "seconds": "4", "heap": "512",
			"out": "build/scale",
		})
	}
	var bad [2]error
	o.sites, bad[0] = numbers("sites", *sites)
	o.centrals, bad[1] = numbers("centrals", *centrals)
	return o, errors.Join(bad[0], bad[1], o.check(flags.Args()))
}

func numbers(name, text string) (all []int, err error) {
	for part := range strings.SplitSeq(text, ",") {
		number, err := strconv.Atoi(part)
		if err != nil || number < 1 {
			return nil, fmt.Errorf("flag -%s must be numbers of 1 or more, separated by commas (got %q)", name, text)
		}
		all = append(all, number)
	}
	return all, nil
}

func (o options) check(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unexpected arguments %q; pass only flags", rest)
	case !slices.IsSorted(o.sites) || len(slices.Compact(slices.Clone(o.sites))) != len(o.sites):
		return fmt.Errorf("flag -sites must be ascending, because topics are added (got %v)", o.sites)
	case len(o.sites) > 0 && o.sites[len(o.sites)-1] > site.MaxSites:
		return fmt.Errorf("flag -sites must be at most %d (got %d)", site.MaxSites, o.sites[len(o.sites)-1])
	case min(o.rate, o.records, o.seconds) < 1:
		return errors.New("flags -rate, -records, and -seconds must be 1 or more")
	case o.heap < 256:
		return fmt.Errorf("flag -heap must be 256 or more (got %d)", o.heap)
	case o.fleetSites != 0 && !slices.Contains(o.sites, o.fleetSites):
		return fmt.Errorf("flag -fleet-sites must be one of -sites, or 0 (got %d)", o.fleetSites)
	case o.fleetStations < o.fleetSites:
		return fmt.Errorf("flag -fleet-stations must be -fleet-sites (%d) or more (got %d)", o.fleetSites, o.fleetStations)
	}
	return nil
}

// heading describes the machine and the options of the run.
func (o options) heading(taken time.Duration) string {
	return fmt.Sprintf("%s, %d cores, linux/%s, in %s: three brokers with at most %d MB of heap, InfluxDB, stations, and central Telegraf instances on the same machine. "+
		"One partition per topic, replication factor 3; %d readings per second at a fixed rate, %d readings at full speed; fleet: %d stations on %d sites, a reading per second each.",
		time.Now().Format(time.DateOnly), runtime.NumCPU(), runtime.GOARCH, taken.Round(time.Second), o.heap, o.rate, o.records, o.fleetStations, o.fleetSites)
}
