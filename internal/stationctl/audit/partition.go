package audit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/IBM/sarama"
)

// partition is read from its beginning to the end that it had at the start of the audit.
type partition struct {
	client     sarama.Client
	topic      string
	number     int32
	start, end int64
}

// silence is how long to wait for a record before checking whether there are any left.
const silence = time.Second

// openPartition requests the first and the last offset.
func openPartition(client sarama.Client, topic string, number int32) (*partition, error) {
	start, err := client.GetOffset(topic, number, sarama.OffsetOldest)
	if err != nil {
		return nil, err
	}
	end, err := client.GetOffset(topic, number, sarama.OffsetNewest)
	return &partition{client, topic, number, start, end}, err
}

// read calls each with every record.
func (p *partition) read(ctx context.Context, consumer sarama.Consumer, each func(*sarama.ConsumerMessage)) error {
	if p.start >= p.end {
		return nil
	}
	messages, err := consumer.ConsumePartition(p.topic, p.number, p.start)
	if err != nil {
		return explain(err)
	}
	defer messages.AsyncClose()
	ticker := time.NewTicker(silence)
	defer ticker.Stop()
	for next, looked := p.start, p.start; next < p.end; {
		select {
		case message, open := <-messages.Messages():
			if !open {
				return ended(messages)
			}
			if message.Offset < p.end {
				each(message)
			}
			next = message.Offset + 1
		case err, told := <-messages.Errors():
			if !told {
				return ended(messages)
			}
			return explain(err)
		case <-ticker.C:
			if next > looked {
				looked = next
				continue
			}
			if over, err := p.isOver(next); over || err != nil {
				return err
			}
		case <-ctx.Done():
			return fmt.Errorf("read to offset %d of %d: %w", next, p.end, context.Cause(ctx))
		}
	}
	return nil
}

// explain adds the fix to an error.
func explain(err error) error {
	if errors.Is(err, sarama.ErrOffsetOutOfRange) {
		return fmt.Errorf("records were deleted while they were read; repeat the audit: %w", err)
	}
	return err
}

// ended returns why the client library stopped reading: it sends the error, and then closes both channels.
func ended(messages sarama.PartitionConsumer) error {
	if err, told := <-messages.Errors(); told {
		return explain(err)
	}
	return errors.New("the client stopped reading; repeat the audit")
}

// isOver reports whether the rest of the partition has no records: only transaction markers, or batches that compaction has emptied. The client
// library skips those.
func (p *partition) isOver(next int64) (bool, error) {
	leader, err := p.client.Leader(p.topic, p.number)
	if err != nil {
		return false, err
	}
	const size = 1 << 20
	// Version 11 is supported since Kafka 2.3; versions below 10 cannot read zstd. -1 means without a fetch session, and without a leader epoch.
	request := &sarama.FetchRequest{Version: 11, MaxWaitTime: 100, MinBytes: 1, MaxBytes: size, SessionEpoch: -1}
	request.AddBlock(p.topic, p.number, next, size, -1)
	response, err := leader.Fetch(request)
	if err != nil {
		return false, err
	}
	block := response.GetBlock(p.topic, p.number)
	if block == nil {
		return false, nil
	}
	// A block with an error has no records: the consumer also gets the error, and returns it or retries.
	for _, records := range block.RecordsSet {
		batch := records.RecordBatch
		if batch == nil || !batch.Control && len(batch.Records) > 0 && batch.LastOffset() >= next {
			return false, nil
		}
		next = max(next, batch.LastOffset()+1)
	}
	return next >= p.end, nil
}
