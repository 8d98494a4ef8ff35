package main

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// group is the consumer_group of conf/central/telegraf.conf.
const group = "telegraf-station"

// watcher observes topics and the consumer group with a client that the product does not use.
type watcher struct {
	client *kgo.Client
	admin  *kadm.Client
}

func newWatcher(brokers []string) (*watcher, error) {
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers...))
	if err != nil {
		return nil, err
	}
	return &watcher{client, kadm.NewClient(client)}, nil
}

func (w *watcher) close() { w.client.Close() }

func (w *watcher) topics(ctx context.Context) ([]string, error) {
	topics, err := w.admin.ListTopics(ctx)
	return topics.Names(), err
}

// metadataSize returns the size in bytes of the metadata of all topics, which each central Telegraf reads.
func (w *watcher) metadataSize(ctx context.Context) (int, error) {
	response, err := kmsg.NewPtrMetadataRequest().RequestWith(ctx, w.client)
	if err != nil {
		return 0, err
	}
	return len(response.AppendTo(nil)), nil
}

// ends returns the next offset of each topic; each topic has one partition.
func (w *watcher) ends(ctx context.Context, topics []string) (map[string]int64, error) {
	listed, err := w.admin.ListEndOffsets(ctx, topics...)
	if err == nil {
		err = listed.Error()
	}
	ends := make(map[string]int64, len(topics))
	listed.Each(func(o kadm.ListedOffset) { ends[o.Topic] = o.Offset })
	return ends, err
}

// claimed returns the number of topics assigned to members of the group, and of members. It returns 0 topics during a rebalance.
func (w *watcher) claimed(ctx context.Context) (topics, members int, err error) {
	groups, err := w.admin.DescribeGroups(ctx, group)
	if err != nil {
		return 0, 0, err
	}
	described := groups[group]
	if described.State != "Stable" {
		return 0, len(described.Members), described.Err
	}
	return len(described.AssignedPartitions()), len(described.Members), nil
}

// behind returns the number of records before the given offsets that the group has not committed. The central Telegraf commits a record once
// it is in InfluxDB.
func (w *watcher) behind(ctx context.Context, ends map[string]int64) (records int64, err error) {
	committed, err := w.admin.FetchOffsets(ctx, group)
	for topic, end := range ends {
		offset, _ := committed.Lookup(topic, 0) // 0 if nothing is committed
		records += max(0, end-max(0, offset.At))
	}
	return records, err
}

func (w *watcher) lag(ctx context.Context, topics []string) (int64, error) {
	ends, err := w.ends(ctx, topics)
	if err != nil {
		return 0, err
	}
	return w.behind(ctx, ends)
}

// electPreferred makes the first replica of each partition its leader.
func (w *watcher) electPreferred(ctx context.Context) error {
	_, err := w.admin.ElectLeaders(ctx, kadm.ElectPreferredReplica, nil)
	return err
}

// checkSynced returns an error if a partition is not led by its first replica or a replica is not in sync.
func (w *watcher) checkSynced(ctx context.Context) error {
	topics, err := w.admin.ListTopicsWithInternal(ctx)
	if err != nil {
		return err
	}
	var lagging error
	topics.EachPartition(func(p kadm.PartitionDetail) {
		if len(p.ISR) < len(p.Replicas) || len(p.Replicas) == 0 || p.Leader != p.Replicas[0] {
			lagging = fmt.Errorf("partition %d of %s has %d of %d replicas in sync and leader %d", p.Partition, p.Topic, len(p.ISR), len(p.Replicas), p.Leader)
		}
	})
	return lagging
}
