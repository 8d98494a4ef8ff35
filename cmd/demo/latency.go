package main

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// latency pairs a site's lines with its points, which keep their order.
type latency struct {
	mu      sync.Mutex
	waiting []time.Time
	lines   int
	taken   []time.Duration
}

// printed notes the moment of a line's newline.
func (l *latency) printed() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines++
	l.waiting = append(l.waiting, time.Now())
}

// arrived returns how long the oldest line took that is still on its way.
func (l *latency) arrived() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) == 0 { // a point that no line of ours made, such as one of status 2
		return 0
	}
	taken := time.Since(l.waiting[0])
	l.waiting = l.waiting[1:]
	l.taken = append(l.taken, taken)
	return taken
}

func (l *latency) missing() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.waiting)
}

// summary is the number of lines and points, and the least, the median and the greatest time between them.
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
