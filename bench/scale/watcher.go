package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// group is the consumer_group of conf/central/telegraf.conf.
const group = "telegraf-station"

// watcher asks Kafka how far all is, with another client than the product's.
type watcher struct{ client *kgo.Client }

func newWatcher(brokers []string) (*watcher, error) {
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers...))
	return &watcher{client}, err
}

func (w *watcher) close() { w.client.Close() }

// topics names all that the central Telegraf instances read, and tells the size of the answer that each of them gets.
func (w *watcher) topics(ctx context.Context) (names []string, size int, err error) {
	request := kmsg.NewPtrMetadataRequest()
	answer, err := request.RequestWith(ctx, w.client)
	if err != nil {
		return nil, 0, err
	}
	for _, topic := range answer.Topics {
		if topic.Topic != nil && !topic.IsInternal {
			names = append(names, *topic.Topic)
		}
	}
	return names, len(answer.AppendTo(nil)), nil
}

// ends are the topics' next offsets; each topic has one partition.
func (w *watcher) ends(ctx context.Context, topics []string) (map[string]int64, error) {
	request := kmsg.NewPtrListOffsetsRequest()
	request.ReplicaID = -1
	for _, name := range topics {
		topic := kmsg.NewListOffsetsRequestTopic()
		partition := kmsg.NewListOffsetsRequestTopicPartition()
		partition.Timestamp = -1
		topic.Topic, topic.Partitions = name, append(topic.Partitions, partition)
		request.Topics = append(request.Topics, topic)
	}
	ends := make(map[string]int64, len(topics))
	for _, shard := range w.client.RequestSharded(ctx, request) {
		if shard.Err != nil {
			return nil, shard.Err
		}
		answer, ok := shard.Resp.(*kmsg.ListOffsetsResponse)
		if !ok {
			return nil, fmt.Errorf("unexpected answer %T", shard.Resp)
		}
		for _, topic := range answer.Topics {
			for _, partition := range topic.Partitions {
				if err := kerr.ErrorForCode(partition.ErrorCode); err != nil {
					return nil, fmt.Errorf("topic %q: %w", topic.Topic, err)
				}
				ends[topic.Topic] = partition.Offset
			}
		}
	}
	return ends, nil
}

// committed is how far the central Telegraf instances have come: up to there all is in InfluxDB.
func (w *watcher) committed(ctx context.Context) (map[string]int64, error) {
	request := kmsg.NewPtrOffsetFetchRequest()
	request.Group = group
	answer, err := request.RequestWith(ctx, w.client)
	if err != nil {
		return nil, err
	}
	offsets := make(map[string]int64)
	for _, one := range answer.Groups {
		for _, topic := range one.Topics {
			for _, partition := range topic.Partitions {
				offsets[topic.Topic] = partition.Offset
			}
		}
	}
	for _, topic := range answer.Topics {
		for _, partition := range topic.Partitions {
			offsets[topic.Topic] = partition.Offset
		}
	}
	return offsets, errors.Join(kerr.ErrorForCode(answer.ErrorCode))
}

// claimed is how many topics the members of the group have, and how many members there are; no topics while they are being shared out.
func (w *watcher) claimed(ctx context.Context) (topics, members int, err error) {
	request := kmsg.NewPtrDescribeGroupsRequest()
	request.Groups = []string{group}
	answer, err := request.RequestWith(ctx, w.client)
	if err != nil || len(answer.Groups) == 0 {
		return 0, 0, err
	}
	described := answer.Groups[0]
	if described.State != "Stable" {
		return 0, len(described.Members), nil
	}
	for _, member := range described.Members {
		var assignment kmsg.ConsumerMemberAssignment
		if err := assignment.ReadFrom(member.MemberAssignment); err != nil {
			return 0, 0, err
		}
		topics += len(assignment.Topics)
	}
	return topics, len(described.Members), nil
}

// lag is what the central Telegraf instances have before them.
func (w *watcher) lag(ctx context.Context, topics []string) (lag int64, err error) {
	ends, err := w.ends(ctx, topics)
	if err != nil {
		return 0, err
	}
	committed, err := w.committed(ctx)
	for topic, end := range ends {
		lag += max(0, end-max(0, committed[topic]))
	}
	return lag, err
}

// passed says whether the central Telegraf instances are beyond these offsets, in every topic.
func (w *watcher) passed(ctx context.Context, goal map[string]int64) (bool, error) {
	committed, err := w.committed(ctx)
	for topic, offset := range goal {
		if committed[topic] < offset {
			return false, err
		}
	}
	return err == nil, err
}
