package status

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/telegraf-station/telegraf-station/internal/kafka"
	"github.com/telegraf-station/telegraf-station/internal/record"
)

// tailRecords is the number of records to read from the end of a partition. If they exceed tailBytes, fewer are read, down to the last one.
const (
	tailRecords = 100
	tailBytes   = 4 << 20
)

// tail is the result of reading the last records of a partition.
type tail struct {
	*kafka.Partition
	// records is the number of records to read, and bytes what has been read.
	records    int64
	bytes      int
	devices    map[string]*device
	unreadable int64
	// damaged is the first batch that cannot be decoded.
	damaged error
}

func newTails(partitions []*kafka.Partition) (tails []*tail) {
	for _, p := range partitions {
		t := &tail{Partition: p}
		t.begin(tailRecords)
		tails = append(tails, t)
	}
	return tails
}

// visitor fills the tails.
func visitor(tails []*tail) kafka.Visitor {
	byPartition := make(map[*kafka.Partition]*tail, len(tails))
	for _, t := range tails {
		byPartition[t.Partition] = t
	}
	return kafka.Visitor{
		Record: func(p *kafka.Partition, r *kgo.Record) { byPartition[p].add(r) },
		Damaged: func(p *kafka.Partition, from, to int64, err error) {
			t := byPartition[p]
			t.unreadable += to - from + 1
			if t.damaged == nil {
				t.damaged = fmt.Errorf("partition %d, offsets %d to %d cannot be read: %w", p.Number, from, to, err)
			}
		},
		Fetched: func(p *kafka.Partition) { byPartition[p].limit() },
	}
}

// begin starts reading the given number of records before the end.
func (t *tail) begin(records int64) {
	t.records, t.Next, t.bytes = records, max(t.Start, t.End-records), 0
	t.devices, t.unreadable, t.damaged = make(map[string]*device), 0, nil
}

// limit starts again with fewer records if they are too large. The skipped numbers are not lost.
func (t *tail) limit() {
	if t.bytes > tailBytes && t.Unfinished() && t.records > 1 {
		t.begin(max(1, min(t.records, t.End-t.Start)/10))
	}
}

func (t *tail) add(r *kgo.Record) {
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
	d.add(reading, r.Timestamp, t.headersOf(r))
}

// headers are the headers of a record that matter here.
type headers struct{ epoch, seq, skipped, health string }

func (t *tail) headersOf(r *kgo.Record) (h headers) {
	for _, header := range r.Headers {
		t.bytes += len(header.Key) + len(header.Value)
		switch header.Key {
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
