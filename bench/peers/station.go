package main

import (
	"context"
	"errors"
	"time"

	"github.com/telegraf-station/telegraf-station/bench/peers/contender"
	"github.com/telegraf-station/telegraf-station/bench/peers/figures"
	"github.com/telegraf-station/telegraf-station/test/bed/arduino"
	"github.com/telegraf-station/telegraf-station/test/bed/kafka"
)

// stationRound measures a contender for stations.
func (b *bench) stationRound(ctx context.Context, c contender.Contender, place contender.Place) (phases map[int]figures.Phase, err error) {
	err = b.atPort(ctx, c, place, func(ctx context.Context, r *round) (err error) {
		phases, err = r.measure(ctx, b.options)
		return err
	})
	return phases, err
}

// atPort simulates a board that prints lines for a contender, and reads the records from Kafka.
func (b *bench) atPort(ctx context.Context, c contender.Contender, place contender.Place, measure func(context.Context, *round) error) (err error) {
	board, err := arduino.Plug(place.Port)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, board.Unplug()) }()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	r := &round{contender: c, track: &track{}, full: b.options.stationRecords, sendLimit: time.Duration(b.options.seconds) * time.Second}
	r.send = func(i int, _ time.Time) error { return board.Print(line(i)) }
	r.sent = func(context.Context) error { return nil }
	go func() {
		stop(kafka.Follow(ctx, b.cluster.Addresses(), "^"+place.Topic()+"$", func(record kafka.Record) {
			if i, err := numberOf(record.Value); err == nil { // not the record of a silent board
				r.track.arrive(i, time.Now())
			}
		}))
	}()
	if r.running, err = c.Start(b.programs, place); err != nil {
		return err
	}
	defer r.stop()
	return errors.Join(measure(ctx, r), context.Cause(ctx))
}
