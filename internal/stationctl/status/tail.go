package status

import (
	"fmt"
	"time"

	"github.com/IBM/sarama"

	"github.com/telegraf-station/telegraf-station/internal/record"
)

// tailRecords is the number of records to read from the end of a partition. If they exceed tailBytes, fewer are read, down to the last one.
const (
	tailRecords = 100
	tailBytes   = 4 << 20
)

// tail is the result of reading the last records of a partition.
type tail struct {
	topic                string
	partition, leader    int32
	oldest, newest, next int64
	// records is the number of records to read, and bytes what has been read.
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
				t.err = fmt.Errorf("partition %d has no leader, because its brokers are down", p.ID)
			}
			tails = append(tails, t)
		}
	}
	return tails
}

// begin starts reading the given number of records before the end.
func (t *tail) begin(records int64) {
	t.records, t.next, t.bytes = records, max(t.oldest, t.newest-records), 0
	t.devices, t.unreadable = make(map[string]*device), 0
}

func (t *tail) unfinished() bool { return t.err == nil && t.next < t.newest }

// take reads the part of the partition in a response. It returns false if it is empty.
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
		t.begin(max(1, min(t.records, t.newest-t.oldest)/10)) // the skipped numbers are not lost
		return true
	}
	return t.next > before
}

// takeBatch skips the markers of transactions. Records of aborted transactions count: the central Telegraf also reads them.
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

// arrival returns when the broker received the record or, depending on the topic, when it was sent.
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
	id := string(r.Key) // as in the audit
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

// headers are the headers of a record that matter here.
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

// finish counts the lost records, and releases the numbers.
func (t *tail) finish() {
	for _, d := range t.devices {
		for _, n := range d.numbers {
			d.lost += n.lost()
		}
		d.numbers = nil
	}
}
