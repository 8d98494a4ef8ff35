package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/telegraf-station/telegraf-station/bench/peers/figures"
	"github.com/telegraf-station/telegraf-station/internal/outbox"
)

const (
	topic = "SIM1_1_sim"
	// batch is the number of records to append or take together, rounds the number of repetitions for a figure.
	batch, rounds = 1000, 20
	// single is the number of readings appended one by one.
	single = 200
)

// backlogs fills an outbox and measures it at each power of ten.
func backlogs(ctx context.Context, dir string, most int) (rows [][]string, err error) {
	o := outbox.New(outbox.Options{
		Dir: filepath.Join(dir, "backlog"), MaxBytes: 100 << 30, MaxRecords: 1 << 40, OnFull: outbox.Block,
		Report: func(i outbox.Incident) { log.Printf("outbox: %s", i.Text) },
	})
	if err := o.Open(); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, o.Close()) }()
	rows = [][]string{{
		"pending readings", "append one, ms", "append in batches, µs per reading", "CPU, µs", "take and acknowledge, µs per reading", "CPU, µs", "heap, MB", "time to reopen, s",
	}}
	for count := min(1000, most); count <= most; count *= 10 {
		if err := fill(ctx, o, count); err != nil {
			return rows, err
		}
		unix.Sync() // so that the kernel does not write it out during the measurement
		row, err := measure(ctx, o)
		if err != nil {
			return rows, err
		}
		began := time.Now()
		if o, err = reopen(o, dir); err != nil {
			return rows, err
		}
		row = append(row, fmt.Sprintf("%.2f", time.Since(began).Seconds()))
		log.Print(strings.Join(row, " | "))
		rows = append(rows, row)
	}
	return rows, nil
}

// reopen closes and opens the outbox, like a restart.
func reopen(o *outbox.Outbox, dir string) (*outbox.Outbox, error) {
	if err := o.Close(); err != nil {
		return o, err
	}
	o = outbox.New(outbox.Options{Dir: filepath.Join(dir, "backlog"), MaxBytes: 100 << 30, MaxRecords: 1 << 40, OnFull: outbox.Block, Report: func(outbox.Incident) {}})
	return o, o.Open()
}

func fill(ctx context.Context, o *outbox.Outbox, count int) error {
	for missing := count - int(o.Stats().Pending); missing > 0; missing -= batch {
		if err := errors.Join(ctx.Err(), o.Append(records(min(batch, missing)))); err != nil {
			return err
		}
	}
	return nil
}

// value is as long as a reading of the schema "environment".
const value = `{"device_id":"station1","status":0,"time":"2026-11-24T12:00:00.123Z","lat":35.17959,"lon":126.90822,"alcohol_gas":121,"co_gas":93,"temp":26.5,"light":512,"dust":24.51}`

func records(count int) []*outbox.Record {
	all := make([]*outbox.Record, count)
	for i := range all {
		all[i] = &outbox.Record{Topic: topic, Device: "station1", Time: time.Now().UnixNano(), Value: []byte(value)}
	}
	return all
}

func measure(ctx context.Context, o *outbox.Outbox) ([]string, error) {
	waiting := o.Stats().Pending
	one, _, err := timed(single, func() error { return o.Append(records(1)) })
	if err != nil {
		return nil, err
	}
	many, manyCPU, err := timed(rounds, func() error { return o.Append(records(batch)) })
	if err != nil {
		return nil, err
	}
	if err := take(ctx, o, batch); err != nil { // position the reader
		return nil, err
	}
	taken, takenCPU, err := timed(rounds, func() error { return take(ctx, o, min(batch, int(waiting))) })
	heap, _ := settled()
	perReading := func(d time.Duration) string { return fmt.Sprintf("%.2f", float64(d)/batch/float64(time.Microsecond)) }
	return []string{
		figures.Count(float64(waiting), 0), fmt.Sprintf("%.2f", one.Seconds()*1000), perReading(many), perReading(manyCPU), perReading(taken), perReading(takenCPU),
		fmt.Sprintf("%.1f", float64(heap)/1e6),
	}, err
}

// timed returns the mean duration of a call and the mean CPU time of this process.
func timed(times int, do func() error) (each, cpu time.Duration, err error) {
	began, before := time.Now(), cpuTime()
	for range times {
		if err := do(); err != nil {
			return 0, 0, err
		}
	}
	return time.Since(began) / time.Duration(times), (cpuTime() - before) / time.Duration(times), nil
}

func cpuTime() time.Duration {
	var r unix.Rusage
	_ = unix.Getrusage(unix.RUSAGE_SELF, &r) // cannot fail
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// take takes and acknowledges count records; the outbox reads those that are not in memory.
func take(ctx context.Context, o *outbox.Outbox, count int) error {
	for count > 0 {
		o.DrainChanged()
		some := o.Next(topic, count, 1<<20)
		o.Acknowledge(some)
		if count -= len(some); len(some) > 0 {
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-o.Changed():
		}
	}
	return nil
}
