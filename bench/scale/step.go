package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/telegraf-station/telegraf-station/test/bed/influxdb"
)

// step has the results for a number of sites, each with a topic.
type step struct {
	Sites, Created  int
	CreatePerSecond float64
	MetadataBytes   int
	// Claim is the time from the start of a central Telegraf until it has all topics; Idle and IdleBrokers are the usage per second without
	// writes.
	Claim             time.Duration
	Idle, IdleBrokers usage
	StartCPU          time.Duration // of the central Telegraf until it waits for records
	Paced, Full       load
	Drain             drain
	Recovery          recovery
	// Missing is the number of Records that are not in InfluxDB at the end.
	Missing, Records int64
}

// drain has the results of a central Telegraf with a backlog.
type drain struct {
	Records int64
	Taken   time.Duration
	CPU     time.Duration
	Memory  int64
}

func (d drain) perSecond() float64 { return float64(d.Records) / max(0.001, d.Taken.Seconds()) }

func (b *bed) step(ctx context.Context, sites int) (s step, err error) {
	have, err := b.topics(ctx)
	if err != nil {
		return s, err
	}
	s.Sites, s.Created = sites, sites-len(have)
	if s.CreatePerSecond, err = b.create(ctx, len(have), sites); err != nil {
		return s, err
	}
	logResult("%d sites: %.0f topics created per second", sites, s.CreatePerSecond)
	before, err := b.settle(ctx, sites)
	if err != nil {
		return s, err
	}
	if s.MetadataBytes, err = b.watcher.metadataSize(ctx); err != nil {
		return s, err
	}
	topics := slices.Collect(maps.Keys(before))
	name := strconv.Itoa(sites)
	store, err := b.store(ctx, name)
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, b.drop(store, name)) }()
	if err := b.measureStep(ctx, &s, store, topics); err != nil {
		return s, err
	}
	s.Records, s.Missing, err = b.missing(ctx, store, topics, before)
	logResult("%d sites: %d of %d records are not in InfluxDB", sites, s.Missing, s.Records)
	return s, err
}

// topics returns the topics of the simulated sites.
func (b *bed) topics(ctx context.Context) ([]string, error) {
	all, err := b.watcher.topics(ctx)
	return slices.DeleteFunc(all, func(name string) bool { return !strings.HasPrefix(name, "SIM") }), err
}

func (b *bed) measureStep(ctx context.Context, s *step, store *influxdb.Server, topics []string) (err error) {
	if err := b.idle(ctx, s, store); err != nil {
		return fmt.Errorf("idle central Telegraf: %w", err)
	}
	pace := b.options.interval(s.Sites).String()
	if s.Paced, err = b.run(ctx, s.Sites, s.Sites, "--interval", pace, "--duration", b.options.period().String()); err != nil {
		return err
	}
	if s.Full, err = b.run(ctx, s.Sites, max(s.Sites, 1000), "--interval", "0", "--records", strconv.Itoa(b.options.records+s.Sites)); err != nil {
		return err
	}
	var all centrals
	defer func() { err = errors.Join(err, all.stop()) }()
	if s.Drain, err = b.drain(ctx, &all, store, topics, s.StartCPU); err != nil {
		return fmt.Errorf("backlog: %w", err)
	}
	logResult("%d sites: a central Telegraf wrote %d records, %.0f/s, %.2f CPU s per 100,000, %d MB", s.Sites,
		s.Drain.Records, s.Drain.perSecond(), perHundredThousand(s.Drain.CPU, s.Drain.Records), s.Drain.Memory/1e6)
	if s.Recovery, err = b.recover(ctx, &all, store, topics); err != nil {
		return fmt.Errorf("recovery: %w", err)
	}
	return nil
}

// idle runs a central Telegraf while nothing is written.
func (b *bed) idle(ctx context.Context, s *step, store *influxdb.Server) (err error) {
	var all centrals
	if err := b.start(&all, store, 1); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, all.stop()) }()
	if s.Claim, err = b.awaitClaimed(ctx, s.Sites, 1); err != nil {
		return err
	}
	if err := sleep(ctx, 2*time.Second); err != nil { // it requests the offsets of all topics and starts fetching
		return err
	}
	started, err := usageOf(all.pids())
	if err != nil {
		return err
	}
	s.StartCPU = started.CPU
	s.Idle, s.IdleBrokers, err = b.second(ctx, all)
	logResult("%d sites: claimed in %s; idle central Telegraf %.2f %% of a core, %d MB, %d connections; brokers %.1f %%, %d MB", s.Sites, s.Claim.Round(time.Millisecond),
		100*s.Idle.CPU.Seconds(), s.Idle.Resident/1e6, s.Idle.Connections, 100*s.IdleBrokers.CPU.Seconds(), s.IdleBrokers.Resident/1e6)
	return err
}

// second returns the mean usage per second of the central Telegraf instances and the brokers.
func (b *bed) second(ctx context.Context, all centrals) (mine, brokers usage, err error) {
	centralsBefore, err := usageOf(all.pids())
	if err != nil {
		return mine, brokers, err
	}
	brokersBefore, err := usageOf(b.brokers.PIDs())
	if err != nil {
		return mine, brokers, err
	}
	if err := sleep(ctx, b.options.period()); err != nil {
		return mine, brokers, err
	}
	if mine, err = usageOf(all.pids()); err != nil {
		return mine, brokers, err
	}
	brokers, err = usageOf(b.brokers.PIDs())
	mine.CPU = (mine.CPU - centralsBefore.CPU) / time.Duration(b.options.seconds)
	brokers.CPU = (brokers.CPU - brokersBefore.CPU) / time.Duration(b.options.seconds)
	return mine, brokers, err
}

// awaitClaimed waits until count central Telegraf instances have claimed all topics.
func (b *bed) awaitClaimed(ctx context.Context, sites, count int) (time.Duration, error) {
	return await(ctx, "the topics are claimed", func(ctx context.Context) (bool, error) {
		topics, members, err := b.watcher.claimed(ctx)
		return topics == sites && members == count, err
	})
}

// drain starts a central Telegraf on the backlog. It starts reading immediately, so its CPU at startup was measured without a backlog.
func (b *bed) drain(ctx context.Context, all *centrals, store *influxdb.Server, topics []string, start time.Duration) (d drain, err error) {
	if d.Records, err = b.watcher.lag(ctx, topics); err != nil {
		return d, err
	}
	if err := b.start(all, store, 1); err != nil {
		return d, err
	}
	if _, err := b.awaitClaimed(ctx, len(topics), 1); err != nil {
		return d, err
	}
	if d.Taken, err = b.awaitDrained(ctx, topics); err != nil {
		return d, err
	}
	after, err := usageOf(all.pids())
	d.CPU, d.Memory = after.CPU-start, after.Resident
	return d, err
}

func (b *bed) awaitDrained(ctx context.Context, topics []string) (time.Duration, error) {
	ends, err := b.watcher.ends(ctx, topics)
	if err != nil {
		return 0, err
	}
	return b.awaitCommitted(ctx, "all records are in InfluxDB", ends)
}

func (b *bed) awaitCommitted(ctx context.Context, what string, ends map[string]int64) (time.Duration, error) {
	return await(ctx, what, func(ctx context.Context) (bool, error) {
		behind, err := b.watcher.behind(ctx, ends)
		return behind == 0, err
	})
}

// missing compares the records since before with the points.
func (b *bed) missing(ctx context.Context, store *influxdb.Server, topics []string, before map[string]int64) (records, missing int64, err error) {
	after, err := b.watcher.ends(ctx, topics)
	if err != nil {
		return 0, 0, err
	}
	for topic, end := range after {
		records += end - before[topic]
	}
	series, err := store.Query(ctx, "SELECT count(temp) FROM /_sim$/")
	if err != nil {
		return records, 0, err
	}
	missing = records
	for _, one := range series {
		count, ok := one.Values[0][1].(json.Number)
		if !ok {
			return records, 0, fmt.Errorf("unexpected result from InfluxDB: %v", one.Values[0])
		}
		points, err := count.Int64()
		if err != nil {
			return records, 0, err
		}
		missing -= points
	}
	return records, missing, nil
}
