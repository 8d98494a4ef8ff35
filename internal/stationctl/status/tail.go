package status

import (
	"fmt"
	"time"

	"github.com/IBM/sarama"

	"github.com/telegraf-station/telegraf-station/internal/record"
)

// tailRecords is how many records are read of a partition, from its end, and tailBytes how many bytes of them: if they are more, fewer
// records are read, down to the last one.
const (
	tailRecords = 100
	tailBytes   = 4 << 20
)

// tail is what the last records of a partition tell.
type tail struct {
	topic                string
	partition, leader    int32
	oldest, newest, next int64
	// records are how many are wanted, and bytes what was read of them.
	records    int64
	bytes      int
	devices    map[string]*device
	unreadable int64
	err        error
}

func newTails(topics []*sarama.TopicMetadata) (tails []*tail) {
	for _, topic := range topics {
		for _, p := range topic.Partitions {
			t := &tail{topic: topic.Name, partition: p.ID, leader: p.Leader}
			if p.Leader < 0 {
				t.err = fmt.Errorf("partition %d has no leader: the brokers that have it are down", p.ID)
			}
			tails = append(tails, t)
		}
	}
	return tails
}

// begin reads from so many records before the end.
func (t *tail) begin(records int64) {
	t.records, t.next, t.bytes = records, max(t.oldest, t.newest-records), 0
	t.devices, t.unreadable = make(map[string]*device), 0
}

func (t *tail) unfinished() bool { return t.err == nil && t.next < t.newest }

// take takes the partition's part of an answer. It returns false if there is nothing in it.
func (t *tail) take(block *sarama.FetchResponseBlock) bool {
	switch {
	case block == nil:
		return false
	case block.Err != sarama.ErrNoError:
		t.err = explain(block.Err)
		return true
	}
	before := t.next
	for _, records := range block.RecordsSet {
		if records.RecordBatch == nil {
			t.err = fmt.Errorf("partition %d has records of a format older than Kafka 0.11", t.partition)
			return true
		}
		t.takeBatch(records.RecordBatch)
	}
	if t.bytes > tailBytes && t.unfinished() && t.records > 1 {
		t.begin(max(1, min(t.records, t.newest-t.oldest)/10)) // the numbers that are left out are not lost
		return true
	}
	return t.next > before
}

// takeBatch passes over the markers of transactions. Records of aborted ones count: the central Telegraf reads them too.
func (t *tail) takeBatch(batch *sarama.RecordBatch) {
	if batch.PartialTrailingRecord {
		return
	}
	for _, r := range batch.Records {
		if offset := batch.FirstOffset + r.OffsetDelta; offset >= t.next && !batch.Control {
			t.takeRecord(r, arrival(batch, r))
		}
	}
	t.next = max(t.next, batch.LastOffset()+1)
}

// arrival is when the broker got the record or, by the topic's settings, when it was sent.
func arrival(batch *sarama.RecordBatch, r *sarama.Record) time.Time {
	if batch.LogAppendTime {
		return batch.MaxTimestamp
	}
	return batch.FirstTimestamp.Add(r.TimestampDelta)
}

func (t *tail) takeRecord(r *sarama.Record, arrived time.Time) {
	t.bytes += len(r.Key) + len(r.Value)
	reading, err := readReading(r.Value)
	if err != nil {
		t.unreadable++
		return
	}
	id := string(r.Key) // as the audit has it
	if id == "" {
		id = reading.device
	}
	d := t.devices[id]
	if d == nil {
		d = &device{id: id, numbers: make(map[string]*numbers)}
		t.devices[id] = d
	}
	d.take(reading, arrived, t.takeHeaders(r))
}

// headers are those of a record that say something here.
type headers struct{ epoch, seq, skipped, health string }

func (t *tail) takeHeaders(r *sarama.Record) (h headers) {
	for _, header := range r.Headers {
		t.bytes += len(header.Key) + len(header.Value)
		switch string(header.Key) {
		case record.HeaderEpoch:
			h.epoch = string(header.Value)
		case record.HeaderSeq:
			h.seq = string(header.Value)
		case record.HeaderSkipped:
			h.skipped = string(header.Value)
		case record.HeaderHealth:
			h.health = string(header.Value)
		}
	}
	return h
}

// finish counts what is lost, and lets go of the numbers.
func (t *tail) finish() {
	for _, d := range t.devices {
		for _, n := range d.numbers {
			d.lost += n.lost()
		}
		d.numbers = nil
	}
}
