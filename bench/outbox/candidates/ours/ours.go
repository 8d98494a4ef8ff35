// Package ours is internal/outbox itself.
package ours

import (
	"github.com/telegraf-station/telegraf-station/bench/outbox/queue"
	"github.com/telegraf-station/telegraf-station/internal/outbox"
)

const topic, device = "JNU_1_rasp", "RaspberryPi"

type adapter struct {
	*outbox.Outbox
	damage []string
}

// Open opens the outbox in a folder.
func Open(dir string) (queue.Queue, error) {
	a := &adapter{}
	a.Outbox = outbox.New(outbox.Options{
		Dir: dir, MaxBytes: 1 << 40, MaxRecords: 1 << 40, OnFull: outbox.Block,
		Report: func(i outbox.Incident) { a.damage = append(a.damage, i.Text) },
	})
	return a, a.Attach()
}

// Append puts the records on disk.
func (a *adapter) Append(records [][]byte) error {
	all := make([]*outbox.Record, 0, len(records))
	for _, record := range records {
		all = append(all, &outbox.Record{Queue: topic, Key: device, Value: record})
	}
	return a.Outbox.Append(all)
}

// Ack settles the oldest.
func (a *adapter) Ack(n int) error {
	for n > 0 {
		taken := a.Take(topic, n, 1<<30)
		if len(taken) == 0 {
			return nil
		}
		a.Settle(taken)
		n -= len(taken)
	}
	return nil
}

// Waiting reads what is not settled.
func (a *adapter) Waiting(each func(record []byte) error) error {
	for {
		taken := a.Take(topic, 500, 1<<30)
		if len(taken) == 0 {
			return nil
		}
		for _, r := range taken {
			if err := each(r.Value); err != nil {
				return err
			}
		}
	}
}

// Damage is what was reported.
func (a *adapter) Damage() []string { return a.damage }
