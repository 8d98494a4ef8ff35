package main

import (
	"context"
	"sync"
	"time"

	"github.com/telegraf-station/telegraf-station/bench/peers/figures"
)

// track knows when each line set out and when it arrived.
type track struct {
	lock          sync.Mutex
	sent, arrived []time.Time
	repeated      int
	latest        time.Time
	from, open    int // the first line of this phase, and how many of its lines are away
}

// mark begins a phase and returns its first line.
func (t *track) mark() (from int) {
	t.lock.Lock()
	defer t.lock.Unlock()
	t.from, t.open, t.repeated = len(t.sent), 0, 0
	return t.from
}

// send notes that the next line sets out.
func (t *track) send(at time.Time) {
	t.lock.Lock()
	defer t.lock.Unlock()
	t.sent, t.arrived = append(t.sent, at), append(t.arrived, time.Time{})
	t.open++
}

// begin has lines set out anew: those that waited for a contender to begin.
func (t *track) begin(at time.Time) {
	t.lock.Lock()
	defer t.lock.Unlock()
	for i := range t.sent[t.from:] {
		t.sent[t.from+i] = at
	}
}

func (t *track) arrive(i int, at time.Time) {
	t.lock.Lock()
	defer t.lock.Unlock()
	if i < 0 || i >= len(t.arrived) {
		return // of nobody: it counts as lost, where it should have been
	}
	if !t.arrived[i].IsZero() {
		t.repeated++
		return
	}
	t.arrived[i], t.latest = at, at
	if i >= t.from {
		t.open--
	}
}

// pause is how long await sleeps between two looks; the times are not those of its looks.
const pause = 5 * time.Millisecond

// await returns when all lines of the phase have arrived, or when none did for so long, or when alive says why none can.
func (t *track) await(ctx context.Context, patience time.Duration, alive func() error) error {
	seen, since := 0, time.Now()
	for {
		missing := t.missing()
		if missing == 0 || missing == seen && time.Since(since) > patience {
			return nil
		}
		if missing != seen {
			seen, since = missing, time.Now()
		}
		if err := alive(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

func (t *track) missing() int {
	t.lock.Lock()
	defer t.lock.Unlock()
	return t.open
}

// phase is what is known of the phase's lines.
func (t *track) phase(began time.Time) figures.Phase {
	t.lock.Lock()
	defer t.lock.Unlock()
	var taken []time.Duration
	for i, at := range t.arrived[t.from:] {
		if !at.IsZero() {
			taken = append(taken, at.Sub(t.sent[t.from+i]))
		}
	}
	return figures.Phase{
		Sent: len(t.sent) - t.from, Lost: t.open, Repeated: t.repeated, Taken: t.latest.Sub(began), Latency: figures.LatencyOf(taken),
	}
}

// present counts the lines that have arrived, of all phases.
func (t *track) present() (n int) {
	t.lock.Lock()
	defer t.lock.Unlock()
	for _, at := range t.arrived {
		if !at.IsZero() {
			n++
		}
	}
	return n
}
