package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/telegraf-station/telegraf-station/bench/command"
	"github.com/telegraf-station/telegraf-station/bench/peers/contender"
	"github.com/telegraf-station/telegraf-station/bench/peers/figures"
)

// options are the command-line options.
type options struct {
	rounds, stationRecords, centralRecords int
	seconds, idleSeconds, wearSeconds      int
	side, only, out, dir                   string
	keep                                   bool
}

func parse(args []string) (o options, err error) {
	flags := flag.NewFlagSet("peers", flag.ContinueOnError)
	quick := flags.Bool("quick", false, "only check that everything works: one round, few records, seconds at each speed; the figures are not meaningful")
	flags.IntVar(&o.rounds, "rounds", 3, "number of turns of each contender")
	flags.IntVar(&o.stationRecords, "station-records", 300_000, "maximum number of lines at full speed for stations, within -seconds")
	flags.IntVar(&o.centralRecords, "central-records", 300_000, "records at full speed for the central side")
	flags.IntVar(&o.seconds, "seconds", 10, "seconds at 10 and at 1,000 lines per second, and maximum at full speed")
	flags.IntVar(&o.idleSeconds, "idle-seconds", 15, "seconds at one line per second")
	flags.IntVar(&o.wearSeconds, "wear-seconds", 60, "seconds at one line per second to count bytes to disk, once for each contender")
	flags.StringVar(&o.side, "side", "both", `"station", "central" or "both"`)
	flags.StringVar(&o.only, "only", "", "comma-separated parts of names; only measure the contenders that match")
	flags.StringVar(&o.out, "out", "bench/peers", "directory for results.md and results.svg; with -quick build/peers")
	flags.StringVar(&o.dir, "dir", os.TempDir(), "directory for the files of brokers, InfluxDB, and contenders, on a disk, not in memory")
	flags.BoolVar(&o.keep, "keep", false, "keep those files")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if *quick {
		command.SetUnlessGiven(flags, map[string]string{
			"rounds": "1", "station-records": "20000", "central-records": "30000", "seconds": "2", "idle-seconds": "4", "wear-seconds": "4", "out": "build/peers",
		})
	}
	return o, o.check(flags.Args())
}

func (o options) check(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unexpected arguments %q; pass only flags", rest)
	case min(o.rounds, o.stationRecords, o.centralRecords, o.seconds, o.idleSeconds, o.wearSeconds) < 1:
		return errors.New("rounds, records, and seconds must be 1 or more")
	case max(o.stationRecords, o.centralRecords) > 5_000_000:
		return errors.New("flags -station-records and -central-records must be at most 5,000,000, because the number of a line is in its values")
	case o.side != "station" && o.side != "central" && o.side != "both":
		return fmt.Errorf(`flag -side must be "station", "central" or "both" (got %q)`, o.side)
	}
	return nil
}

// pick returns the contenders that the flags select.
func (o options) pick(side string, all []contender.Contender) (picked []contender.Contender) {
	if o.side != "both" && o.side != side {
		return nil
	}
	for _, c := range all {
		for part := range strings.SplitSeq(o.only, ",") {
			if strings.Contains(c.Name, part) {
				picked = append(picked, c)
				break
			}
		}
	}
	return picked
}

// lines returns the number of lines for a contender at a speed; 0: not measured.
func (o options) lines(c contender.Contender, full, speed int) int {
	switch {
	case speed == figures.Full && !c.Full, speed != figures.Full && !c.Paced:
		return 0
	case speed == 1:
		return o.idleSeconds
	case speed != figures.Full:
		return o.seconds * speed
	case c.Share > 0:
		return int(float64(full) * c.Share)
	}
	return full
}

// estimate returns the approximate duration of the run; a contender takes ten seconds to start and stop.
func (o options) estimate(stations, centrals []contender.Contender) time.Duration {
	seconds := 0
	for _, c := range slices.Concat(stations, centrals) {
		seconds += 10 * o.rounds
		if c.Paced {
			seconds += o.rounds * (o.idleSeconds + 2*o.seconds)
		}
		if c.Full {
			seconds += o.rounds * (o.seconds + 5)
		}
	}
	for _, c := range stations {
		if !c.Limit {
			seconds += o.wearSeconds + o.seconds + 15
		}
	}
	return (time.Duration(seconds) * time.Second).Round(time.Minute)
}
