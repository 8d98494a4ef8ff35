package kafka_site

import (
	"slices"
	"time"

	"github.com/IBM/sarama"

	"github.com/telegraf-station/telegraf-station/internal/outbox"
)

// topicQueue is what the sender knows of one topic. One batch is under way at a time; it is cut into a part for each partition.
type topicQueue struct {
	name string
	// leaders are the partitions' brokers; empty until the topic was looked up.
	leaders []*sarama.Broker
	// parts are what is to be sent, each partition's in order.
	parts []*part
	// limit is how many records the next batch may have.
	limit   int
	reports reports
	// identity marks the batches, so that the broker finds repeats; next are the partitions' next sequence numbers.
	identity identity
	next     map[int32]int32
	// renew says that the identity of the others will not do.
	renew bool
	// untimed says that the broker refuses the clock's time.
	untimed bool

	// busy says that the topic is being looked up; waiting, that it is tried again at retryAt.
	busy, waiting bool
	retryAt       time.Time
	failures      int
	since         time.Time // of the first failure
	trouble       trouble
}

// identity is a producer's, as a broker gave it.
type identity struct {
	id    int64
	epoch int16
	// known is false for none: 0 is an id like others.
	known bool
}

// anonymous batches are not known again by the broker: a repeat is a repeat.
var anonymous = identity{id: -1, epoch: -1, known: true}

// part is a batch of one partition: it is appended as a whole or not at all.
type part struct {
	queue     *topicQueue
	partition int32
	records   []*outbox.Record
	identity  identity
	// sequence is the first record's; set when the part is first sent, and kept, since that is how the broker finds a repeat.
	sequence int32
	numbered bool
	// sent says that the part is on its way; doubt, that it may have been appended though nobody said so.
	sent, doubt bool
	timeouts    int
	// health is the agent's, on some of the records, by their place; bare says that there is to be none.
	health map[int]string
	bare   bool
}

const (
	// maxBatch is how many records a batch has at most. One request is under way for a topic: at a round trip of 1 ms that is
	// far more than a disk can hold, and compressed it passes a link of 10 kB/s within requestTimeout.
	maxBatch = 500
	// maxBatchBytes is below every broker's default of message.max.bytes.
	maxBatchBytes = 512 << 10
	// firstPause lies between the first two tries; the pauses double, up to stalledPause for a topic that somebody must see to, and up to
	// longestPause for what goes by itself.
	firstPause   = 250 * time.Millisecond
	longestPause = 5 * time.Second
	stalledPause = time.Minute
)

// pause is how long to wait after so many failures.
func pause(failures int, longest time.Duration) time.Duration {
	return min(firstPause<<min(max(failures-1, 0), 10), longest)
}

func (q *topicQueue) fail(now time.Time, longest time.Duration) {
	if q.failures++; q.failures == 1 {
		q.since = now
	}
	q.waiting, q.retryAt = true, now.Add(pause(q.failures, longest))
}

// cut makes parts of records, in their order.
func (q *topicQueue) cut(records []*outbox.Record) {
	byPartition := make(map[int32]*part, 1)
	for _, r := range records {
		partition := partitionOf(r.Device, len(q.leaders))
		p := byPartition[partition]
		if p == nil {
			p = &part{queue: q, partition: partition}
			byPartition[partition] = p
			q.parts = append(q.parts, p)
		}
		p.records = append(p.records, r)
	}
}

// partitionOf is the partitioner of sarama and of most clients but Java's: FNV-1a of the key.
func partitionOf(key string, partitions int) int32 {
	if partitions == 1 {
		return 0
	}
	partition, err := sarama.NewHashPartitioner("").Partition(&sarama.ProducerMessage{Key: sarama.StringEncoder(key)}, int32(partitions)) //nolint:gosec // Kafka's own limit
	if err != nil {
		return 0 // a key of text has a hash
	}
	return partition
}

// heads are the parts that may be sent now: the first of each partition, unless it is on its way.
func (q *topicQueue) heads() []*part {
	var heads []*part
	seen := make(map[int32]bool, 1)
	for _, p := range q.parts {
		if !seen[p.partition] && !p.sent {
			heads = append(heads, p)
		}
		seen[p.partition] = true
	}
	return heads
}

// replace puts others in a part's place.
func (q *topicQueue) replace(old *part, others ...*part) {
	for i, p := range q.parts {
		if p == old {
			q.parts = append(q.parts[:i:i], append(others, q.parts[i+1:]...)...)
			return
		}
	}
}

// halve cuts a part in two, as new batches.
func (q *topicQueue) halve(p *part) {
	middle := len(p.records) / 2
	q.replace(p,
		&part{queue: q, partition: p.partition, records: p.records[:middle], doubt: p.doubt},
		&part{queue: q, partition: p.partition, records: p.records[middle:], doubt: p.doubt})
}

// number gives a part its place in the partition's sequence. It returns false if a new identity is needed first.
func (q *topicQueue) number(p *part) bool {
	if p.numbered && p.identity == q.identity {
		return true
	}
	if q.identity == anonymous {
		p.identity, p.sequence, p.numbered = anonymous, -1, true
		return true
	}
	first := q.next[p.partition]
	if first > 1<<31-1-int32(len(p.records)) { //nolint:gosec // at most maxBatch
		return false
	}
	p.identity, p.sequence, p.numbered = q.identity, first, true
	return true
}

// advance notes that a part was appended.
func (q *topicQueue) advance(p *part) {
	q.next[p.partition] = p.sequence + int32(len(p.records)) //nolint:gosec // at most maxBatch
}

// identify begins the sequences anew.
func (q *topicQueue) identify(i identity) {
	q.identity, q.next, q.renew = i, make(map[int32]int32), false
}

// underWay tells whether a part is on its way.
func (q *topicQueue) underWay() bool {
	return slices.ContainsFunc(q.parts, func(p *part) bool { return p.sent })
}
