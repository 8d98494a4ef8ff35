package kafka_sites

import (
	"errors"
	"fmt"
	"time"

	"github.com/IBM/sarama"
)

// maxNewestBytes limits the response to a request for newest records. Partitions that do not fit are requested on the next Gather.
const maxNewestBytes = 16 << 20

// requestNewest requests the newest records whose time is not known: without lag, nothing is read after a start; with lag, the newest record
// has not been read yet. If Kafka takes long to respond, the next Gather uses the result.
func (k *KafkaSites) requestNewest(partitions []*partition) {
	var unknown []*partition
	for _, p := range partitions {
		if !p.isNewestKnown() {
			unknown = append(unknown, p)
		}
	}
	if len(unknown) == 0 || k.reporter.requesting.Swap(true) {
		return
	}
	responded := make(chan struct{})
	k.running.Go(func() {
		defer close(responded)
		defer k.reporter.requesting.Store(false)
		if err := k.fetchNewest(unknown); err != nil {
			k.Log.Debugf("Cannot fetch the newest records: %v", err)
		}
	})
	select {
	case <-responded:
	case <-time.After(k.reporter.timeout):
	}
}

// isNewestKnown reports whether the time of the newest record is known, or there is none.
func (p *partition) isNewestKnown() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.newest >= p.end()-1
}

// fetchNewest fetches records, because ListOffsets returns the time of the newest record only since Kafka 3.0, in a version that sarama does
// not support.
func (k *KafkaSites) fetchNewest(partitions []*partition) error {
	byLeader := make(map[*sarama.Broker][]*partition)
	var errs []error
	for _, p := range partitions {
		leader, err := p.client.Leader(p.topic, p.number)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", p, err))
			continue
		}
		byLeader[leader] = append(byLeader[leader], p)
	}
	for leader, partitions := range byLeader {
		response, err := leader.Fetch(k.newestRequest(partitions))
		if err != nil {
			errs = append(errs, fmt.Errorf("broker %s: %w", leader.Addr(), err))
			continue
		}
		for _, p := range partitions {
			p.setNewestFrom(response.GetBlock(p.topic, p.number))
		}
	}
	return errors.Join(errs...)
}

// newestRequest returns a request outside of any fetch session.
func (k *KafkaSites) newestRequest(partitions []*partition) *sarama.FetchRequest {
	request := &sarama.FetchRequest{MaxBytes: maxNewestBytes, MinBytes: 1, Version: 4, SessionEpoch: -1}
	if k.config.Version.IsAtLeast(sarama.V2_1_0_0) {
		request.Version = 10 // the first version with zstd
	}
	for _, p := range partitions {
		request.AddBlock(p.topic, p.number, max(0, p.end()-1), k.config.Consumer.Fetch.Default, -1)
	}
	return request
}

// setNewestFrom uses the time of the last batch.
func (p *partition) setNewestFrom(block *sarama.FetchResponseBlock) {
	if block == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if errors.Is(block.Err, sarama.ErrOffsetOutOfRange) && p.deliveredAtLeast {
		p.delivered = p.end() // retention has deleted all records
	}
	for _, records := range block.RecordsSet {
		if batch := records.RecordBatch; batch != nil {
			p.setNewest(batch.FirstOffset+int64(batch.LastOffsetDelta), batch.MaxTimestamp, time.Now())
		}
	}
}
