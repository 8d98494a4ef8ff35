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

// options are the command line's.
type options struct {
	rounds, stationRecords, centralRecords int
	seconds, idleSeconds, wearSeconds      int
	side, only, out, dir                   string
	keep                                   bool
}

func parse(args []string) (o options, err error) {
	flags := flag.NewFlagSet("peers", flag.ContinueOnError)
	quick := flags.Bool("quick", false, "see that all works: one round, few records, seconds at each speed; its figures say little")
	flags.IntVar(&o.rounds, "rounds", 3, "how often each contender has its turn")
	flags.IntVar(&o.stationRecords, "station-records", 300_000, "lines at full speed, of a station; fewer where it does not take so many within -seconds")
	flags.IntVar(&o.centralRecords, "central-records", 300_000, "records at full speed, for the central Telegraf")
	flags.IntVar(&o.seconds, "seconds", 10, "time at 10 and at 1,000 lines a second, and at most at full speed")
	flags.IntVar(&o.idleSeconds, "idle-seconds", 15, "time at a line a second")
	flags.IntVar(&o.wearSeconds, "wear-seconds", 60, "time at a line a second in which bytes to disk are counted, once for each contender")
	flags.StringVar(&o.side, "side", "both", `"station", "central" or "both"`)
	flags.StringVar(&o.only, "only", "", "only contenders whose names contain one of these, separated by commas")
	flags.StringVar(&o.out, "out", "bench/peers", "the folder for results.md and results.svg; with -quick build/peers")
	flags.StringVar(&o.dir, "dir", os.TempDir(), "where brokers, InfluxDB and contenders keep their files: on a disk, not in memory")
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
		return fmt.Errorf("what is %q? there are only flags", rest)
	case min(o.rounds, o.stationRecords, o.centralRecords, o.seconds, o.idleSeconds, o.wearSeconds) < 1:
		return errors.New("rounds, records and seconds must be 1 or more")
	case max(o.stationRecords, o.centralRecords) > 5_000_000:
		return errors.New("at most 5,000,000 records: a line's number is in its values")
	case o.side != "station" && o.side != "central" && o.side != "both":
		return fmt.Errorf(`-side must be "station", "central" or "both" (got %q)`, o.side)
	}
	return nil
}

// pick leaves out what was not asked for.
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

// lines is how many a contender gets at a speed; 0: it is not measured there.
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

// estimate is how long all of it takes, about: a contender needs ten seconds to begin and end.
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
