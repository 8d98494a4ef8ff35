package main

import (
	"context"
	"errors"
	"log"
	"os"

	"github.com/telegraf-station/telegraf-station/bench/peers/contender"
	"github.com/telegraf-station/telegraf-station/bench/peers/figures"
	"github.com/telegraf-station/telegraf-station/test/bed/disk"
)

// diskSize leaves the 500 MB without which the Flume channel does not write.
const diskSize = 2 << 30

// wear returns the bytes that a contender writes to disk per record, by speed. It is a separate turn with a separate disk, because the counters of
// processes (write_bytes in /proc) count whole large folios on new kernels, and this disk makes a sync slower.
func (b *bench) wear(ctx context.Context, c contender.Contender) (written map[int]float64, err error) {
	if os.Geteuid() != 0 {
		log.Printf("%s: cannot count bytes to disk; run as root", c.Name)
		return nil, nil
	}
	d, err := disk.Make(b.dir, "disk", diskSize)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.Remove()) }()
	err = b.turn(d.Dir, func(place contender.Place) error {
		return b.atPort(ctx, c, place, func(ctx context.Context, r *round) (err error) {
			written, err = r.written(ctx, d, b.options)
			return err
		})
	})
	return written, err
}

func (r *round) written(ctx context.Context, d *disk.Disk, o options) (map[int]float64, error) {
	if err := r.begin(ctx); err != nil {
		return nil, err
	}
	written := map[int]float64{}
	for _, speed := range []int{1, figures.Full} {
		lines := o.wearSeconds
		if speed == figures.Full {
			lines = r.full
		}
		before, err := disk.Stat(d.Device, d.Dir)
		if err != nil {
			return nil, err
		}
		phase, err := r.run(ctx, speed, lines, arrivalTimeout)
		if err != nil {
			return nil, err
		}
		after, err := disk.Stat(d.Device, d.Dir)
		if err != nil {
			return nil, err
		}
		written[speed] = float64(after.Since(before).Bytes) / float64(phase.Sent-phase.Lost)
		log.Printf("%s, speed %d (0 is full): %.0f bytes to disk a record", r.contender.Name, speed, written[speed])
	}
	return written, nil
}
