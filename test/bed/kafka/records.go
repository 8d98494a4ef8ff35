package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Record is a record as stored in Kafka.
type Record struct {
	Topic     string
	Partition int32
	Offset    int64
	Key       []byte // nil if the record has none
	Value     []byte
	Headers   map[string]string // never nil; of headers with the same name, the last one
	Time      time.Time         // to the millisecond, as Kafka stores it
}

// Records returns all current records of a topic, partition by partition, in offset order. It uses franz-go, not the client of the product.
// It waits for missing partition leaders until the context ends. If the topic does not exist, it returns
// kerr.UnknownTopicOrPartition immediately.
func Records(ctx context.Context, addresses []string, topic string) ([]Record, error) {
	if err := kgo.ValidateOpts(kgo.SeedBrokers(addresses...)); err != nil {
		return nil, fmt.Errorf("cannot read topic %q: %w", topic, err)
	}
	spans, err := awaitSpans(ctx, addresses, topic)
	if err != nil {
		return nil, fmt.Errorf("cannot read topic %q: %w", topic, err)
	}
	records := []Record{}
	for _, span := range spans {
		if records, err = readSpan(ctx, addresses, topic, span, records); err != nil {
			return nil, fmt.Errorf("cannot read topic %q: %w", topic, err)
		}
	}
	return records, nil
}

// span is the offset range of a partition: from first to before end.
type span struct {
	partition  int32
	first, end int64
}

// leaderPause is the time between two requests for the leader of a partition.
const leaderPause = 100 * time.Millisecond

// awaitSpans retries while a partition has no leader: Kafka returns a killed broker as the leader until its session times out.
func awaitSpans(ctx context.Context, addresses []string, topic string) ([]span, error) {
	for {
		spans, err := spansOf(ctx, addresses, topic)
		if err == nil || errors.Is(err, kerr.UnknownTopicOrPartition) || isPermanent(err) {
			return spans, err
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), err)
		case <-time.After(leaderPause):
		}
	}
}

// spansOf uses a client of its own, without cached metadata: an older one would keep asking a leader that is gone.
func spansOf(ctx context.Context, addresses []string, topic string) ([]span, error) {
	client, err := kgo.NewClient(kgo.SeedBrokers(addresses...))
	if err != nil {
		return nil, err
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	starts, err := admin.ListStartOffsets(ctx, topic)
	if err == nil {
		err = starts.Error()
	}
	if err != nil {
		return nil, err
	}
	ends, err := admin.ListEndOffsets(ctx, topic)
	if err == nil {
		err = ends.Error()
	}
	if err != nil {
		return nil, err
	}
	spans := make([]span, len(ends[topic]))
	for i := range spans {
		start, _ := starts.Lookup(topic, int32(i))
		end, ok := ends.Lookup(topic, int32(i))
		if !ok {
			return nil, fmt.Errorf("partition %d: the brokers returned no offset", i)
		}
		spans[i] = span{int32(i), start.Offset, end.Offset}
	}
	return spans, nil
}

// readSpan appends the records of a partition.
func readSpan(ctx context.Context, addresses []string, topic string, span span, records []Record) ([]Record, error) {
	if span.first >= span.end {
		return records, nil
	}
	client, err := kgo.NewClient(
		kgo.SeedBrokers(addresses...),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {span.partition: kgo.NewOffset().At(span.first)}}),
		// The marker of a transaction has an offset: without it, an end after a marker would never be reached.
		kgo.KeepControlRecords(),
	)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	for next := span.first; next < span.end; {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return nil, fmt.Errorf("partition %d, read to offset %d of %d: %w", span.partition, next, span.end, err)
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
