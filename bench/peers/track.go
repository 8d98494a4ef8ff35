package main

import (
	"context"
	"sync"
	"time"

	"github.com/telegraf-station/telegraf-station/bench/peers/figures"
)

// track records when each line was sent and when it arrived.
type track struct {
	lock          sync.Mutex
	sent, arrived []time.Time
	repeated      int
	latest        time.Time
	from, open    int // the first line of this phase, and the number of its lines in flight
}

// mark starts a phase and returns its first line.
func (t *track) mark() (from int) {
	t.lock.Lock()
	defer t.lock.Unlock()
	t.from, t.open, t.repeated = len(t.sent), 0, 0
	return t.from
}

// send records that the next line is sent.
func (t *track) send(at time.Time) {
	t.lock.Lock()
	defer t.lock.Unlock()
	t.sent, t.arrived = append(t.sent, at), append(t.arrived, time.Time{})
	t.open++
}

// begin resets the send time of the lines of this phase, which waited for the contender to start.
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
		return // not a line of ours; the real one counts as lost
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

// pause is the interval of checks in await; the arrival times do not depend on it.
const pause = 5 * time.Millisecond

// await returns when all lines of the phase have arrived, when none has arrived for timeout, or when alive returns an error.
func (t *track) await(ctx context.Context, timeout time.Duration, alive func() error) error {
	seen, since := 0, time.Now()
	for {
		missing := t.missing()
		if missing == 0 || missing == seen && time.Since(since) > timeout {
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

// phase returns the results of the current phase.
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

// present returns the number of lines of all phases that have arrived.
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
