package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"syscall"
	"time"

	"github.com/telegraf-station/telegraf-station/bench/peers/contender"
	"github.com/telegraf-station/telegraf-station/bench/peers/figures"
	"github.com/telegraf-station/telegraf-station/test/bed/process"
)

// round is a contender at work.
type round struct {
	contender contender.Contender
	running   []*process.Process
	track     *track
	// send passes a line on and can block. sent returns when the contender can read all lines.
	send func(i int, at time.Time) error
	sent func(ctx context.Context) error
	// backlog is true if all lines at full speed are written before the contender starts.
	backlog bool
	// full is the number of lines at full speed, sendLimit the time after which no more are sent; 0: no limit.
	full      int
	sendLimit time.Duration
}

// arrivalTimeout is the time without an arrival after which lines count as lost, warmUp the number of lines before the measurement.
const (
	arrivalTimeout = 20 * time.Second
	warmUp         = 1000
)

// measure runs a contender at all speeds, slow ones first, so that a JVM has compiled its code before full speed.
func (r *round) measure(ctx context.Context, o options) (map[int]figures.Phase, error) {
	if err := r.begin(ctx); err != nil {
		return nil, err
	}
	phases := map[int]figures.Phase{}
	for _, speed := range figures.Speeds() {
		n := o.lines(r.contender, r.full, speed)
		if n == 0 {
			continue
		}
		phase, err := r.phase(ctx, speed, n)
		if err != nil {
			return nil, fmt.Errorf("%d lines at %d/s: %w", n, speed, err)
		}
		phases[speed] = phase
		report(r.contender.Name, speed, phase)
	}
	return phases, nil
}

// begin warms up. The first lines can be lost: a program that opens a port discards its buffer.
func (r *round) begin(ctx context.Context) error {
	for deadline := time.Now().Add(2 * time.Minute); ; {
		phase, err := r.run(ctx, figures.Full, 1, 3*time.Second)
		if err != nil {
			return err
		}
		if phase.Lost == 0 {
			break
		}
		if time.Now().After(deadline) {
			return errors.New("nothing arrived within two minutes; to keep the files, pass -keep")
		}
	}
	_, err := r.run(ctx, figures.Full, warmUp, arrivalTimeout)
	return err
}

func (r *round) phase(ctx context.Context, speed, n int) (figures.Phase, error) {
	before, err := r.total()
	if err != nil {
		return figures.Phase{}, err
	}
	phase, err := r.run(ctx, speed, n, arrivalTimeout)
	if err != nil {
		return phase, err
	}
	after, err := r.total()
	phase.CPU, phase.PeakResident = after.CPU-before.CPU, after.PeakResident
	return phase, err
}

// run sends n lines and waits until they arrive.
func (r *round) run(ctx context.Context, speed, n int, arrivalTimeout time.Duration) (figures.Phase, error) {
	from := r.track.mark()
	frozen := speed == figures.Full && r.backlog
	if frozen {
		if err := r.signal(syscall.SIGSTOP); err != nil {
			return figures.Phase{}, err
		}
	}
	began := time.Now()
	if err := r.sendWatched(ctx, from, speed, n, began); err != nil {
		return figures.Phase{}, err
	}
	if frozen {
		began = time.Now()
		r.track.begin(began)
		if err := r.signal(syscall.SIGCONT); err != nil {
			return figures.Phase{}, err
		}
	}
	err := r.track.await(ctx, arrivalTimeout, r.alive)
	return r.track.phase(began), err
}

// sendWatched sends in a goroutine, because a write to a port blocks indefinitely if the contender has exited.
func (r *round) sendWatched(ctx context.Context, from, speed, n int, began time.Time) error {
	done := make(chan error, 1)
	go func() { done <- r.sendAll(ctx, from, speed, n, began) }()
	alive := time.NewTicker(time.Second)
	defer alive.Stop()
	for {
		select {
		case err := <-done:
			return err
		case <-ctx.Done():
			return ctx.Err()
		case <-alive.C:
			if err := r.alive(); err != nil {
				return err
			}
		}
	}
}

func (r *round) sendAll(ctx context.Context, from, speed, n int, began time.Time) error {
	for i := range n {
		if err := r.wait(ctx, i, speed, began); err != nil {
			return err
		}
		now := time.Now()
		if speed == figures.Full && r.sendLimit > 0 && now.Sub(began) > r.sendLimit {
			break
		}
		r.track.send(now)
		if err := r.send(from+i, now); err != nil {
			return err
		}
	}
	return r.sent(ctx)
}

// wait waits until a line is due.
func (r *round) wait(ctx context.Context, i, speed int, began time.Time) error {
	if speed != figures.Full {
		time.Sleep(time.Until(began.Add(due(i, speed))))
	}
	return ctx.Err()
}

// due returns when to send a line: not at even intervals, which could coincide with the timer of a contender.
func due(i, speed int) time.Duration {
	_, part := math.Modf(float64(i) * (math.Sqrt(5) - 1) / 2)
	return time.Duration((float64(i) + part) / float64(speed) * float64(time.Second))
}

func (r *round) total() (sum process.Usage, err error) {
	for _, p := range r.running {
		one, err := p.TotalUsage()
		if err != nil {
			return sum, err
		}
		sum = sum.Add(one)
	}
	return sum, nil
}

func (r *round) alive() error {
	for _, p := range r.running {
		if err := p.Ended(); err != nil {
			return err
		}
	}
	return nil
}

func (r *round) signal(signal syscall.Signal) error {
	for _, p := range r.running {
		if err := p.Signal(signal); err != nil {
			return err
		}
	}
	return nil
}

// stopTime is the time for a contender to leave its consumer group.
const stopTime = 20 * time.Second

func (r *round) stop() {
	for _, p := range r.running {
		_ = p.Stop(stopTime) // the exit status is not measured
	}
}
