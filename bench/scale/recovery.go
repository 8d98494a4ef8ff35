package main

import (
	"context"
	"errors"
	"log"
	"time"

	"github.com/telegraf-station/telegraf-station/test/bed/influxdb"
)

// recovery has the times from a fault until a newer reading of each site is in InfluxDB. Undisturbed is the time without a fault: until the
// next reading and commit. recoveryTimeout means that it took longer; the faults after it are not measured: 0.
type recovery struct {
	Interval                                                 time.Duration // between the readings of a site
	Undisturbed, CentralKilled, BrokerStopped, BrokerStarted time.Duration
}

const (
	recoveryTimeout = 2 * time.Minute
	// recoveryShare is the divisor of -rate during recovery: at the full rate, the time would be that of brokers with many small requests.
	recoveryShare = 5
)

// recover kills a second central Telegraf, and stops and starts a broker, while the stations write.
func (b *bed) recover(ctx context.Context, all *centrals, store *influxdb.Server, topics []string) (r recovery, err error) {
	if err := b.start(all, store, 1); err != nil {
		return r, err
	}
	if _, err := b.awaitClaimed(ctx, len(topics), 2); err != nil {
		return r, err
	}
	interval := recoveryShare * b.options.interval(len(topics))
	s, err := b.simulate(ctx, len(topics), len(topics), "--interval", interval.String())
	if err != nil {
		return r, err
	}
	if err = s.awaitConnected(ctx); err == nil {
		r, err = b.faults(ctx, all, topics)
	}
	r.Interval = interval
	interrupted := s.interrupt()
	_, ended := s.wait()
	if err = errors.Join(err, interrupted, ended); err != nil {
		return r, err
	}
	logResult("%d sites: readings of all sites arrive after %s without a fault, %s after the kill of a central Telegraf, %s and %s after the stop and start of a broker", len(topics),
		r.Undisturbed.Round(time.Millisecond), r.CentralKilled.Round(time.Millisecond), r.BrokerStopped.Round(time.Millisecond), r.BrokerStarted.Round(time.Millisecond))
	if _, err = b.awaitDrained(ctx, topics); errors.Is(err, context.DeadlineExceeded) {
		log.Print(err) // missing records are also a result
		err = nil
	}
	return r, err
}

func (b *bed) faults(ctx context.Context, all *centrals, topics []string) (r recovery, err error) {
	last := len(*all) - 1
	for _, fault := range []struct {
		took *time.Duration
		do   func() error
	}{
		{&r.Undisturbed, func() error { return nil }},
		{&r.CentralKilled, func() error {
			defer func() { *all = (*all)[:last] }()
			return (*all)[last].Kill()
		}},
		{&r.BrokerStopped, func() error {
			if err := b.brokers.StopBroker(0); err != nil {
				log.Printf("stop broker: %v", err) // it was killed, which is also a fault
			}
			return nil
		}},
		{&r.BrokerStarted, func() error { return b.brokers.StartBroker(ctx, 0) }},
	} {
		*fault.took, err = b.untilFlowing(ctx, topics, fault.do)
		if errors.Is(err, context.DeadlineExceeded) {
			*fault.took = recoveryTimeout
			return r, nil
		}
		if err != nil {
			return r, err
		}
	}
	return r, nil
}

// untilFlowing returns the time from the fault until a reading of each topic that was written after it is in InfluxDB.
func (b *bed) untilFlowing(ctx context.Context, topics []string, fault func() error) (time.Duration, error) {
	began := time.Now()
	if err := fault(); err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, recoveryTimeout)
	defer cancel()
	var goal map[string]int64
	_, err := await(ctx, "the topics have leaders", func(ctx context.Context) (done bool, err error) {
		goal, err = b.watcher.ends(ctx, topics)
		return true, err
	})
	if err != nil {
		return time.Since(began), err
	}
	for topic := range goal {
		goal[topic]++
	}
	_, err = b.awaitCommitted(ctx, "readings flow", goal)
	return time.Since(began), err
}
