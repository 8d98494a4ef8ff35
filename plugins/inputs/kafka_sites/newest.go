package kafka_sites

import (
	"errors"
	"fmt"
	"time"

	"github.com/IBM/sarama"
)

// maxNewest bounds what one request for the newest records may bring; what has no room is asked for the next time.
const maxNewest = 16 << 20

// learnNewest asks Kafka for the newest records whose time is not known: after a start without lag nothing is read, and with lag that
// record is still to be read. ListOffsets could tell the time alone, but only from Kafka 3.0 on, and sarama does not speak that version.
func (k *KafkaSites) learnNewest(unknown []*claim) error {
	byBroker := make(map[*sarama.Broker][]*claim)
	var errs []error
	for _, c := range unknown {
		leader, err := c.client.Leader(c.topic, c.partition)
		if err != nil {
			errs = append(errs, fmt.Errorf("topic %s, partition %d: %w", c.topic, c.partition, err))
			continue
		}
		byBroker[leader] = append(byBroker[leader], c)
	}
	for broker, claims := range byBroker {
		response, err := broker.Fetch(k.newestRequest(claims))
		if err != nil {
			errs = append(errs, fmt.Errorf("broker %s: %w", broker.Addr(), err))
			continue
		}
		for _, c := range claims {
			c.learnFrom(response.GetBlock(c.topic, c.partition))
		}
	}
	return errors.Join(errs...)
}

// newestRequest asks for what is there now, outside of any fetch session.
func (k *KafkaSites) newestRequest(claims []*claim) *sarama.FetchRequest {
	request := &sarama.FetchRequest{MaxBytes: maxNewest, MinBytes: 1, Version: 4, SessionEpoch: -1}
	if k.config.Version.IsAtLeast(sarama.V2_1_0_0) {
		request.Version = 10 // the first that may be answered with zstd
	}
	for _, c := range claims {
		request.AddBlock(c.topic, c.partition, max(0, c.end()-1), k.config.Consumer.Fetch.Default, -1)
	}
	return request
}

// learnFrom takes the time of the last batch.
func (c *claim) learnFrom(block *sarama.FetchResponseBlock) {
	if block == nil {
		return
	}
	if errors.Is(block.Err, sarama.ErrOffsetOutOfRange) {
		c.learnThatEmpty()
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, records := range block.RecordsSet {
		if batch := records.RecordBatch; batch != nil {
			c.learn(batch.FirstOffset+int64(batch.LastOffsetDelta), batch.MaxTimestamp, time.Now())
		}
	}
}
