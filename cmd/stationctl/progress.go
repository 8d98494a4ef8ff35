package main

import (
	"fmt"
	"io"
	"time"

	"github.com/telegraf-station/telegraf-station/internal/stationctl/site"
)

// progress shows how many sites have been created, the rate, and the time left. On a terminal it rewrites its line.
type progress struct {
	out          io.Writer
	total, done  int
	begin, shown time.Time
	pause        time.Duration
	head, tail   string
}

func newProgress(out io.Writer, fleet *site.Fleet) *progress {
	p := &progress{out: out, begin: time.Now(), shown: time.Now(), pause: 10 * time.Second, tail: "\n"}
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

func (p *progress) update(plan *site.Plan) error {
	if plan.Changes() == 0 || !plan.Whole() {
		return nil
	}
	p.done++
	if time.Since(p.shown) < p.pause {
		return nil
	}
	p.shown = time.Now()
	return p.show()
}

func (p *progress) show() error {
	rate := float64(p.done) / time.Since(p.begin).Seconds()
	left := time.Duration(float64(p.total-p.done) / rate * float64(time.Second))
	_, err := fmt.Fprintf(p.out, "%s%d of %d sites, %.0f/s, %s left%s", p.head, p.done, p.total, rate, left.Round(time.Second), p.tail)
	return err
}

func (p *progress) end() error {
	_, err := fmt.Fprintf(p.out, "%s%d of %d sites in %s\n", p.head, p.done, p.total, time.Since(p.begin).Round(100*time.Millisecond))
	return err
}
