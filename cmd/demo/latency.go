package main

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// latency matches the lines of a site with its points, which arrive in the same order.
type latency struct {
	mu      sync.Mutex
	pending []time.Time
	lines   int
	taken   []time.Duration
}

// printed records the time of a newline.
func (l *latency) printed() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines++
	l.pending = append(l.pending, time.Now())
}

// arrived returns the latency of the oldest pending line, whose point has arrived.
func (l *latency) arrived() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.pending) == 0 { // a point without a line, such as one with status 2
		return 0
	}
	taken := time.Since(l.pending[0])
	l.pending = l.pending[1:]
	l.taken = append(l.taken, taken)
	return taken
}

func (l *latency) missing() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.pending)
}

// summary returns the number of lines and points, and the minimum, median, and maximum latency.
func (l *latency) summary() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.taken) == 0 {
		return fmt.Sprintf("%8d %8d", l.lines, 0)
	}
	slices.Sort(l.taken)
	round := func(taken time.Duration) time.Duration { return taken.Round(time.Millisecond) }
	return fmt.Sprintf("%8d %8d   %s, %s, %s", l.lines, len(l.taken),
		round(l.taken[0]), round(l.taken[len(l.taken)/2]), round(l.taken[len(l.taken)-1]))
}
