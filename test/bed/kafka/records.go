package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Record is a record as it lies in Kafka.
type Record struct {
	Topic     string
	Partition int32
	Offset    int64
	Key       []byte // nil if the record has none
	Value     []byte
	Headers   map[string]string // never nil; of headers of one name, the last
	Time      time.Time         // to the millisecond, as Kafka keeps it
}

// Records reads a topic from its first record to its last one of now: partition by partition, in the order of the offsets.
// It reads with franz-go, not with the client that the product uses. Until the context ends it waits for leaders that are
// away. A topic that does not exist (or not yet, where it asked) is kerr.UnknownTopicOrPartition, at once.
func Records(ctx context.Context, addresses []string, topic string) ([]Record, error) {
	if err := kgo.ValidateOpts(kgo.SeedBrokers(addresses...)); err != nil {
		return nil, fmt.Errorf("topic %q not read: %w", topic, err)
	}
	spans, err := awaitSpans(ctx, addresses, topic)
	if err != nil {
		return nil, fmt.Errorf("topic %q not read: %w", topic, err)
	}
	records := []Record{}
	for _, span := range spans {
		if records, err = readSpan(ctx, addresses, topic, span, records); err != nil {
			return nil, fmt.Errorf("topic %q not read: %w", topic, err)
		}
	}
	return records, nil
}

// span is what a partition holds: the offsets from the first up to, but without, the end.
type span struct {
	partition  int32
	first, end int64
}

// leaderPause is how long Records waits before it asks again who leads a partition.
const leaderPause = 100 * time.Millisecond

// awaitSpans tries again while a leader is away: the others name a killed broker as the leader until its session is over.
func awaitSpans(ctx context.Context, addresses []string, topic string) ([]span, error) {
	for {
		spans, err := spansOf(ctx, addresses, topic)
		if err == nil || errors.Is(err, kerr.UnknownTopicOrPartition) || isLasting(err) {
			return spans, err
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), err)
		case <-time.After(leaderPause):
		}
	}
}

// spansOf asks with a client of its own, which knows nothing yet: an older one would go on asking a leader that is away.
func spansOf(ctx context.Context, addresses []string, topic string) ([]span, error) {
	client, err := kgo.NewClient(kgo.SeedBrokers(addresses...))
	if err != nil {
		return nil, err
	}
	defer client.Close()
	count, err := countPartitions(ctx, client, topic)
	if err != nil {
		return nil, err
	}
	firsts, err := offsets(ctx, client, topic, count, -2) // earliest
	if err != nil {
		return nil, err
	}
	ends, err := offsets(ctx, client, topic, count, -1) // latest
	if err != nil {
		return nil, err
	}
	spans := make([]span, count)
	for i := range spans {
		partition := int32(i)
		spans[i] = span{partition, firsts[partition], ends[partition]}
	}
	return spans, nil
}

func countPartitions(ctx context.Context, client *kgo.Client, topic string) (int, error) {
	request := kmsg.NewPtrMetadataRequest()
	asked := kmsg.NewMetadataRequestTopic()
	asked.Topic = new(topic)
	request.Topics = append(request.Topics, asked)
	response, err := request.RequestWith(ctx, client)
	if err != nil {
		return 0, err
	}
	if len(response.Topics) != 1 {
		return 0, fmt.Errorf("the broker tells of %d topics instead of 1", len(response.Topics))
	}
	return len(response.Topics[0].Partitions), kerr.ErrorForCode(response.Topics[0].ErrorCode)
}

// offsets asks each partition's leader for the offset at a time; -2 is the first record, -1 the end.
func offsets(ctx context.Context, client *kgo.Client, topic string, count int, at int64) (map[int32]int64, error) {
	request := kmsg.NewPtrListOffsetsRequest()
	asked := kmsg.NewListOffsetsRequestTopic()
	asked.Topic = topic
	for i := range count {
		partition := kmsg.NewListOffsetsRequestTopicPartition()
		partition.Partition = int32(i)
		partition.Timestamp = at
		asked.Partitions = append(asked.Partitions, partition)
	}
	request.Topics = append(request.Topics, asked)
	response, err := request.RequestWith(ctx, client)
	if err != nil {
		return nil, err
	}
	found := map[int32]int64{}
	for _, answered := range response.Topics {
		for _, partition := range answered.Partitions {
			if err := kerr.ErrorForCode(partition.ErrorCode); err != nil {
				return nil, fmt.Errorf("partition %d: %w", partition.Partition, err)
			}
			found[partition.Partition] = partition.Offset
		}
	}
	if len(found) != count {
		return nil, fmt.Errorf("the brokers tell the offsets of %d partitions of %d", len(found), count)
	}
	return found, nil
}

// readSpan appends a partition's records.
func readSpan(ctx context.Context, addresses []string, topic string, span span, records []Record) ([]Record, error) {
	if span.first >= span.end {
		return records, nil
	}
	client, err := kgo.NewClient(
		kgo.SeedBrokers(addresses...),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {span.partition: kgo.NewOffset().At(span.first)}}),
		// A transaction's marker takes an offset: without these, an end behind one would never be reached.
		kgo.KeepControlRecords(),
	)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	for next := span.first; next < span.end; {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return nil, fmt.Errorf("partition %d, read up to offset %d of %d: %w", span.partition, next, span.end, err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			next = r.Offset + 1
			if r.Offset < span.end && !r.Attrs.IsControl() {
				records = append(records, recordOf(r))
			}
		})
	}
	return records, nil
}

func recordOf(r *kgo.Record) Record {
	headers := make(map[string]string, len(r.Headers))
	for _, header := range r.Headers {
		headers[header.Key] = string(header.Value)
	}
	return Record{
		Topic: r.Topic, Partition: r.Partition, Offset: r.Offset,
		Key: r.Key, Value: r.Value, Headers: headers, Time: r.Timestamp,
	}
}
