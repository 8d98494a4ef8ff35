package main

import (
	"context"
	"strconv"
	"time"
)

// settle waits until the brokers have recovered from the faults of the previous step: each partition is led by its first replica (Kafka
// rebalances leaders only every five minutes), all replicas are in sync, and each topic has got another record. It returns the offsets before
// these records.
func (b *bed) settle(ctx context.Context, sites int) (before map[string]int64, err error) {
	if _, err := await(ctx, "all replicas are in sync", func(ctx context.Context) (bool, error) {
		if err := b.watcher.electPreferred(ctx); err != nil {
			return false, err
		}
		topics, err := b.topics(ctx)
		if err != nil || len(topics) != sites {
			return false, err
		}
		if before, err = b.watcher.ends(ctx, topics); err != nil {
			return false, err
		}
		return true, b.watcher.checkSynced(ctx)
	}); err != nil {
		return nil, err
	}
	first, err := b.simulate(ctx, sites, sites, "--records", strconv.Itoa(sites))
	if err != nil {
		return nil, err
	}
	if _, err := first.wait(); err != nil {
		return nil, err
	}
	return before, sleep(ctx, b.options.period())
}

func sleep(ctx context.Context, period time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(period):
		return nil
	}
}
