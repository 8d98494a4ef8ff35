package kafka_sites

import (
	"fmt"
	"sync"
	"time"

	"github.com/IBM/sarama"
)

// partitionID identifies a partition of a topic, not of a re-created one.
type partitionID struct {
	topic  string
	mark   string // of the topic, see markOf
	number int32
}

func (p partitionID) String() string { return fmt.Sprintf("topic %s, partition %d", p.topic, p.number) }

// partition is the state of a partition since Kafka assigned it to this central Telegraf.
type partition struct {
	partitionID
	site   site
	client sarama.Client
	// end returns the offset after the newest record in Kafka.
	end func() int64
	// commit is called with the offset of the first record that is not delivered.
	commit func(offset int64)
	// reject is called once, with the offset of the record that an output dropped. Nothing is committed after it.
	reject func(offset int64)

	mu       sync.Mutex
	pending  []*pendingRecord // in the order of their offsets
	rejected bool
	// delivered is the offset of the first record that the outputs do not have. It is a lower limit while nothing is committed.
	delivered        int64
	deliveredAtLeast bool
	// next is the offset after the last record that was read.
	next int64
	// expected is the offset that the next record should have; -1 if it is unknown. expired counts the records that retention deleted unread.
	expected, expired int64
	expiryChecked     time.Time
	// newest is the offset of the newest record with a known time; -1 if there is none.
	newest     int64
	newestTime time.Time
	devices    map[string]*device
}

// pendingRecord is a record that was read and that the outputs do not have yet.
type pendingRecord struct {
	partition *partition
	offset    int64
	delivered bool
}

// device is a device with records in a partition.
type device struct {
	sequence
	read time.Time // when its last record was read
}

const (
	// maxDevices and maxKey, the bytes of a device name, limit the memory for a partition. Further devices are not counted.
	maxDevices, maxKey = 1000, 256
)

func (s *session) newPartition(group sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) *partition {
	id := partitionID{claim.Topic(), s.consumer.markOf(claim.Topic()), claim.Partition()}
	p := &partition{
		partitionID: id, site: s.consumer.plugin.siteOf(id.topic), client: s.consumer.client, end: claim.HighWaterMarkOffset,
		commit:    func(offset int64) { group.MarkOffset(id.topic, id.number, offset, id.mark) },
		delivered: claim.InitialOffset(), newest: -1, expected: -1, devices: make(map[string]*device),
	}
	p.reject = func(offset int64) { s.reject(id, offset) }
	if offset, found := s.committed[topicPartition{id.topic, id.number}]; found {
		p.expected = offset
	}
	if p.delivered == sarama.OffsetOldest {
		p.delivered, p.deliveredAtLeast = 0, true
	}
	return p
}

// continueFrom copies what an earlier assignment of the partition has seen. Gather may still read that one.
func (p *partition) continueFrom(earlier *partition) {
	earlier.mu.Lock()
	defer earlier.mu.Unlock()
	p.next, p.expired, p.devices, earlier.devices = earlier.next, earlier.expired, earlier.devices, nil
}

// read adds a record to the pending ones.
func (p *partition) read(message *sarama.ConsumerMessage, now time.Time) *pendingRecord {
	p.mu.Lock()
	defer p.mu.Unlock()
	repeated := message.Offset < p.next
	p.next = max(p.next, message.Offset+1)
	if p.deliveredAtLeast {
		p.delivered, p.deliveredAtLeast = message.Offset, false
	}
	p.setNewest(message.Offset, message.Timestamp, now)
	if d := p.device(message.Key); d != nil {
		d.read = now
		if number, ok := numberOf(message); ok && !repeated {
			d.add(number)
		}
	}
	r := &pendingRecord{partition: p, offset: message.Offset}
	p.pending = append(p.pending, r)
	return r
}

func (p *partition) device(key []byte) *device {
	d := p.devices[string(key)]
	if d == nil && len(p.devices) < maxDevices && len(key) <= maxKey {
		d = &device{}
		p.devices[string(key)] = d
	}
	return d
}

// setNewest sets the time of a record if it is newer than the newest one. In a topic with the station's time, a record has none if the
// clock of the station was wrong; it is then as old as this central Telegraf knows it.
func (p *partition) setNewest(offset int64, at, now time.Time) {
	if offset <= p.newest {
		return
	}
	if at.IsZero() {
		at = now
	}
	p.newest, p.newestTime = offset, at
}

// done is called when the outputs have the record or have rejected it. A committed offset covers all records before it, so it is the offset
// of the first one that is not delivered, even if the outputs have later ones.
func (r *pendingRecord) done(delivered bool) {
	p := r.partition
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.rejected:
	case delivered:
		r.delivered = true
		p.advance()
	default:
		p.rejected, p.pending = true, nil
		p.reject(r.offset)
	}
}

func (p *partition) advance() {
	n := 0
	for n < len(p.pending) && p.pending[n].delivered {
		n++
	}
	if n > 0 {
		p.delivered = p.pending[n-1].offset + 1
		p.pending = p.pending[n:]
		p.commit(p.delivered)
	}
}
