package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// settle returns when the brokers are as they are in quiet times, with what an earlier step's faults left mended: each partition led by its first
// replica, which Kafka sees to every five minutes only, all replicas in sync, and a
// record written to each topic. It returns the offsets before these records, and the size of the metadata.
func (b *bed) settle(ctx context.Context, sites int) (before map[string]int64, size int, err error) {
	var topics []string
	if _, err := await(ctx, "all replicas are in sync", func(ctx context.Context) (bool, error) {
		if err := b.watcher.elect(ctx); err != nil {
			return false, err
		}
		topics, size, err = b.topics(ctx)
		if err != nil || len(topics) != sites {
			return false, err
		}
		if before, err = b.watcher.ends(ctx, topics); err != nil {
			return false, err
		}
		return b.watcher.synced(ctx)
	}); err != nil {
		return nil, 0, err
	}
	first, err := b.simulate(ctx, sites, sites, "--records", strconv.Itoa(sites))
	if err != nil {
		return nil, 0, err
	}
	if _, err := first.wait(); err != nil {
		return nil, 0, err
	}
	return before, size, sleep(ctx, b.options.period())
}

func sleep(ctx context.Context, period time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(period):
		return nil
	}
}

// elect has each partition led by its first replica.
func (w *watcher) elect(ctx context.Context) error {
	_, err := kmsg.NewPtrElectLeadersRequest().RequestWith(ctx, w.client)
	return err
}

// synced says whether all replicas of all partitions are in sync.
func (w *watcher) synced(ctx context.Context) (bool, error) {
	answer, err := kmsg.NewPtrMetadataRequest().RequestWith(ctx, w.client)
	if err != nil {
		return false, err
	}
	for _, topic := range answer.Topics {
		for _, partition := range topic.Partitions {
			if len(partition.ISR) < len(partition.Replicas) || partition.Leader != partition.Replicas[0] {
				return false, fmt.Errorf("partition %d of %s has %d of %d replicas in sync", partition.Partition, *topic.Topic, len(partition.ISR), len(partition.Replicas))
			}
		}
	}
	return true, nil
}
