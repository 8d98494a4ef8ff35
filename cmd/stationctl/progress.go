package main

import (
	"fmt"
	"io"
	"time"

	"github.com/telegraf-station/telegraf-station/internal/stationctl/site"
)

// progress tells how many sites are made, how fast, and when it will be over. On a terminal it rewrites its line.
type progress struct {
	out         io.Writer
	total, done int
	begin, told time.Time
	pause       time.Duration
	head, tail  string
}

func newProgress(out io.Writer, fleet *site.Fleet) *progress {
	p := &progress{out: out, begin: time.Now(), told: time.Now(), pause: 10 * time.Second, tail: "\n"}
	if isTerminal(out) {
		p.pause, p.head, p.tail = 200*time.Millisecond, "\r\x1b[K", ""
	}
	for _, plan := range fleet.Sites {
		if plan.Changes() > 0 {
			p.total++
		}
	}
	return p
}

func (p *progress) made(plan *site.Plan) error {
	if plan.Changes() == 0 || !plan.Whole() {
		return nil
	}
	p.done++
	if time.Since(p.told) < p.pause {
		return nil
	}
	p.told = time.Now()
	return p.tell()
}

func (p *progress) tell() error {
	rate := float64(p.done) / time.Since(p.begin).Seconds()
	left := time.Duration(float64(p.total-p.done) / rate * float64(time.Second))
	_, err := fmt.Fprintf(p.out, "%s%d of %d sites, %.0f/s, %s left%s", p.head, p.done, p.total, rate, left.Round(time.Second), p.tail)
	return err
}

func (p *progress) end() error {
	_, err := fmt.Fprintf(p.out, "%s%d of %d sites in %s\n", p.head, p.done, p.total, time.Since(p.begin).Round(100*time.Millisecond))
	return err
}
