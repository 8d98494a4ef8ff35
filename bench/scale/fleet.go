package main

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"time"
)

// fleet has the results of a number of central Telegraf instances with the readings of all stations.
type fleet struct {
	Centrals int
	Claim    time.Duration
	Load     load
	// Lag is the number of records that were not in InfluxDB when the stations stopped, CatchUp the time until they were.
	Lag     int64
	CatchUp time.Duration
	// PerSecond is the rate from the first record of the stations to the last one in InfluxDB, CPU and Memory those of all central Telegraf
	// instances together, CPU in seconds per 100,000 records.
	PerSecond, CPU float64
	Memory         int64
	Missing        int64
}

// fleet runs stations and central Telegraf instances together.
func (b *bed) fleet(ctx context.Context, count int) (f fleet, err error) {
	f.Centrals = count
	before, err := b.settle(ctx, b.options.fleetSites)
	if err != nil {
		return f, err
	}
	topics := slices.Collect(maps.Keys(before))
	name := "fleet" + strconv.Itoa(count)
	store, err := b.store(ctx, name)
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, b.drop(store, name)) }()
	var all centrals
	defer func() { err = errors.Join(err, all.stop()) }()
	if err := b.start(&all, store, count); err != nil {
		return f, err
	}
	if f.Claim, err = b.awaitClaimed(ctx, len(topics), count); err != nil {
		return f, err
	}
	if err := b.loadFleet(ctx, &f, all, topics); err != nil {
		return f, err
	}
	_, f.Missing, err = b.missing(ctx, store, topics, before)
	logResult("fleet, %d central Telegraf instances: %.0f/s, lag %d at the end, caught up in %s, %.2f CPU s per 100,000, %d missing", count, f.PerSecond, f.Lag,
		f.CatchUp.Round(time.Millisecond), f.CPU, f.Missing)
	return f, err
}

func (b *bed) loadFleet(ctx context.Context, f *fleet, all centrals, topics []string) error {
	before, err := usageOf(all.pids())
	if err != nil {
		return err
	}
	f.Load, err = b.run(ctx, b.options.fleetSites, b.options.fleetStations, "--interval", "1s", "--duration", (2 * b.options.period()).String())
	if err != nil {
		return err
	}
	if f.Lag, err = b.watcher.lag(ctx, topics); err != nil {
		return err
	}
	if f.CatchUp, err = b.awaitDrained(ctx, topics); err != nil {
		return err
	}
	after, err := usageOf(all.pids())
	f.PerSecond = float64(f.Load.Acknowledged) / (f.Load.Seconds + f.CatchUp.Seconds())
	f.CPU, f.Memory = perHundredThousand(after.CPU-before.CPU, f.Load.Acknowledged), after.Resident
	return err
}
