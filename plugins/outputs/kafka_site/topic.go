package kafka_site

import (
	"slices"
	"time"

	"github.com/IBM/sarama"

	"github.com/telegraf-station/telegraf-station/internal/logonce"
	"github.com/telegraf-station/telegraf-station/internal/outbox"
)

const (
	// maxBatchRecords limits a batch. One request is in flight per topic: at a round trip of 1 ms that is far more than a disk can
	// keep up with, and compressed, it passes a link of 10 kB/s within defaultRequestTimeout.
	maxBatchRecords = 500
	// maxBatchBytes is below the default message.max.bytes of every broker.
	maxBatchBytes = 512 << 10
	// minBackoff is the time between the first two attempts. It doubles up to maxBackoff, or up to maxStalledBackoff for a topic that an
	// operator must fix.
	minBackoff        = 250 * time.Millisecond
	maxBackoff        = 5 * time.Second
	maxStalledBackoff = time.Minute
)

// backoff returns how long to wait after a number of failures.
func backoff(failures int, longest time.Duration) time.Duration {
	return min(minBackoff<<min(max(failures-1, 0), 10), longest)
}

// topicState is the state of one topic in the sender. The records of one call of outbox.Next are in it, as a batch per partition.
type topicState struct {
	name string
	// leaders are the brokers of the partitions; empty until they are looked up.
	leaders []*sarama.Broker
	// batches are to be sent, in order for each partition.
	batches []*batch
	// limit is how many records to take from the outbox.
	limit  int
	health healthSchedule
	// producerID marks the batches, so that the broker recognizes repeats; nextSequence is by partition.
	producerID   producerID
	nextSequence map[int32]int32
	// needsNewID is true if the producer ID of the other topics cannot be used.
	needsNewID        bool
	withoutTimestamps bool

	lookingUp, backingOff bool
	retryAt               time.Time
	failures              int
	failingSince          time.Time
	failure               logonce.Failure
}

// producerID is assigned by a broker.
type producerID struct {
	id    int64
	epoch int16
	// known is false in the zero value, because 0 is a valid id.
	known bool
}

// anonymous batches are not recognized by the broker if they are repeated.
var anonymous = producerID{id: -1, epoch: -1, known: true}

// batch has records of one partition, which are appended all or none.
type batch struct {
	topic      *topicState
	partition  int32
	records    []*outbox.Record
	producerID producerID
	// sequence is that of the first record. It is set before the batch is first sent, and stays, so that the broker recognizes a repeat.
	sequence int32
	numbered bool
	// scheduled is true while the batch is ready or in flight; maybeAppended is true if a request with it had no answer.
	scheduled, maybeAppended bool
	timeouts                 int
	// health is added to records, by their index.
	health        map[int]string
	withoutHealth bool
	// withoutSkips is true if the topic does not allow a record as large as its only one with the skipped numbers that it lists.
	withoutSkips bool
}

func (t *topicState) fail(now time.Time, longest time.Duration) {
	if t.failures++; t.failures == 1 {
		t.failingSince = now
	}
	t.backingOff, t.retryAt = true, now.Add(backoff(t.failures, longest))
}

// addBatches builds batches of records, in their order.
func (t *topicState) addBatches(records []*outbox.Record) {
	byPartition := make(map[int32]*batch, 1)
	for _, r := range records {
		partition := partitionOf(r.Device, len(t.leaders))
		b := byPartition[partition]
		if b == nil {
			b = &batch{topic: t, partition: partition}
			byPartition[partition] = b
			t.batches = append(t.batches, b)
		}
		b.records = append(b.records, r)
	}
}

// partitionOf uses the partitioner of sarama and of most clients except the Java client: FNV-1a of the key.
func partitionOf(key string, partitions int) int32 {
	if partitions == 1 {
		return 0
	}
	partition, err := sarama.NewHashPartitioner("").Partition(&sarama.ProducerMessage{Key: sarama.StringEncoder(key)}, int32(partitions)) //nolint:gosec // Kafka's own limit
	if err != nil {
		return 0 // cannot happen for a text
	}
	return partition
}

// sendable returns the first batch of each partition, unless it is scheduled already.
func (t *topicState) sendable() []*batch {
	var first []*batch
	seen := make(map[int32]bool, 1)
	for _, b := range t.batches {
		if !seen[b.partition] && !b.scheduled {
			first = append(first, b)
		}
		seen[b.partition] = true
	}
	return first
}

func (t *topicState) hasScheduled() bool {
	return slices.ContainsFunc(t.batches, func(b *batch) bool { return b.scheduled })
}

// replace puts other batches, if any, where a batch was.
func (t *topicState) replace(old *batch, others ...*batch) {
	if i := slices.Index(t.batches, old); i >= 0 {
		t.batches = slices.Replace(slices.Clone(t.batches), i, i+1, others...)
	}
}

// split replaces a batch by two new ones with half of its records each.
func (t *topicState) split(b *batch) {
	middle := len(b.records) / 2
	t.replace(b,
		&batch{topic: t, partition: b.partition, records: b.records[:middle], maybeAppended: b.maybeAppended},
		&batch{topic: t, partition: b.partition, records: b.records[middle:], maybeAppended: b.maybeAppended})
}

// assignSequence gives a batch its place in the sequence of the partition. It returns false if a new producer ID is needed first.
func (t *topicState) assignSequence(b *batch) bool {
	if b.numbered && b.producerID == t.producerID {
		return true
	}
	if t.producerID == anonymous {
		b.producerID, b.sequence, b.numbered = anonymous, -1, true
		return true
	}
	first := t.nextSequence[b.partition]
	if first > 1<<31-1-int32(len(b.records)) { //nolint:gosec // at most maxBatchRecords
		return false
	}
	b.producerID, b.sequence, b.numbered = t.producerID, first, true
	return true
}

// acknowledged removes a batch that was appended.
func (t *topicState) acknowledged(b *batch) {
	t.nextSequence[b.partition] = b.sequence + int32(len(b.records)) //nolint:gosec // at most maxBatchRecords
	t.replace(b)
}

// setProducerID starts new sequences.
func (t *topicState) setProducerID(id producerID) {
	t.producerID, t.nextSequence, t.needsNewID = id, make(map[int32]int32), false
}
