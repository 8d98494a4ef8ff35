package audit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/IBM/sarama"
)

// partition is one that is read from its beginning to what was its end when it was asked for.
type partition struct {
	client     sarama.Client
	topic      string
	number     int32
	start, end int64
}

// silence is how long nothing comes before it is looked whether anything can.
const silence = time.Second

// openPartition asks where the partition begins and ends.
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

// explain says what can be done about an error.
func explain(err error) error {
	if errors.Is(err, sarama.ErrOffsetOutOfRange) {
		return fmt.Errorf("records were deleted while they were read: run the audit again: %w", err)
	}
	return err
}

// ended is why the client library ended the reading: it tells, and then closes both channels.
func ended(messages sarama.PartitionConsumer) error {
	if err, told := <-messages.Errors(); told {
		return explain(err)
	}
	return errors.New("the reading was ended: run the audit again")
}

// isOver tells whether what is left is nothing that a reader gets: markers of transactions, or what compaction has emptied. The client
// library passes those over without a word.
func (p *partition) isOver(next int64) (bool, error) {
	leader, err := p.client.Leader(p.topic, p.number)
	if err != nil {
		return false, err
	}
	const size = 1 << 20
	// Version 11 is of Kafka 2.3; one below 10 cannot read zstd. -1: no fetch session, no leader epoch.
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
	// A block with an error has no records: the consumer meets the error too, and tells or tries again.
	for _, records := range block.RecordsSet {
		batch := records.RecordBatch
		if batch == nil || !batch.Control && len(batch.Records) > 0 && batch.LastOffset() >= next {
			return false, nil
		}
		next = max(next, batch.LastOffset()+1)
	}
	return next >= p.end, nil
}
