package main

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"github.com/telegraf-station/telegraf-station/bench/peers/contender"
	"github.com/telegraf-station/telegraf-station/bench/peers/figures"
	"github.com/telegraf-station/telegraf-station/test/arduino"
)

// stationRound has a board print lines for a contender, and looks for the records in Kafka.
func (b *bench) stationRound(ctx context.Context, c contender.Contender, place contender.Place) (phases map[int]figures.Phase, err error) {
	place.Port = filepath.Join(place.Dir, "ttyACM0")
	board, err := arduino.Plug(place.Port)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, board.Unplug()) }()

	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	track := &track{}
	go func() {
		stop(b.cluster.follow(ctx, place.Topic(), func(record []byte, at time.Time) error {
			i, err := numberOf(record)
			track.arrive(i, at)
			return err
		}))
	}()
	r := &round{contender: c, track: track, full: b.options.stationRecords, sent: func(context.Context) error { return nil }}
	r.send = func(i int, _ time.Time) error { return board.Print(line(i)) }
	if r.running, err = c.Start(b.programs, place); err != nil {
		return nil, err
	}
	defer r.stop()
	phases, err = r.measure(ctx, b.options)
	return phases, errors.Join(err, context.Cause(ctx))
}
