package kafka_sites

import (
	"github.com/IBM/sarama"

	"github.com/telegraf-station/telegraf-station/internal/record"
)

// numbers follow the numbers of one device's records in one partition. They show what is missing while it happens; the proof is
// stationctl audit, which reads the topic from its beginning.
type numbers struct {
	epoch string
	next  uint64
	// missing are the newest gaps, of this epoch: what is in them may still be told as given up.
	missing       []record.Range
	lost, givenUp uint64
}

// maxGaps bounds the memory of a device. What is in older gaps stays lost.
const maxGaps = 100

// number is what a record's headers say.
type number struct {
	epoch   string
	seq     uint64
	skipped record.Skipped
}

// numberOf returns false for a record that is not numbered.
func numberOf(message *sarama.ConsumerMessage) (n number, ok bool) {
	epoch, found := headerOf(message, record.HeaderEpoch)
	if !found {
		return n, false
	}
	seq, _ := headerOf(message, record.HeaderSeq)
	skipped, _ := headerOf(message, record.HeaderSkipped)
	var epochErr, seqErr error
	n.epoch, epochErr = record.ParseEpoch(epoch)
	n.seq, seqErr = record.ParseSeq(seq)
	n.skipped, _ = record.ParseSkipped(skipped) // what was understood of it
	return n, epochErr == nil && seqErr == nil
}

// note takes a record. The first one, and the first of another epoch, say nothing of those before it; one that comes again says nothing.
func (n *numbers) note(r number) {
	if r.epoch != n.epoch {
		n.epoch, n.next, n.missing = r.epoch, r.seq, nil
	}
	if r.seq < n.next {
		n.lost -= n.found(record.Range{From: r.seq, To: r.seq})
		return
	}
	if r.seq > n.next {
		n.miss(record.Range{From: n.next, To: r.seq - 1})
	}
	n.next = r.seq + 1
	for _, skipped := range append(r.skipped.Parked, r.skipped.Dropped...) {
		n.givenUp = min(n.givenUp+size(skipped), record.MaxSeq)
		n.lost -= n.found(skipped)
	}
}

func (n *numbers) miss(r record.Range) {
	n.lost = min(n.lost+size(r), record.MaxSeq)
	if n.missing = append(n.missing, r); len(n.missing) > maxGaps {
		n.missing = n.missing[1:]
	}
}

// found takes numbers out of the gaps, and returns how many of them were there.
func (n *numbers) found(r record.Range) (count uint64) {
	if len(n.missing) == 0 {
		return 0
	}
	var left []record.Range
	for _, gap := range n.missing {
		from, to := max(gap.From, r.From), min(gap.To, r.To)
		if from > to {
			left = append(left, gap)
			continue
		}
		count += to - from + 1
		if gap.From < from {
			left = append(left, record.Range{From: gap.From, To: from - 1})
		}
		if to < gap.To {
			left = append(left, record.Range{From: to + 1, To: gap.To})
		}
	}
	n.missing = left[max(0, len(left)-maxGaps):]
	return min(count, n.lost)
}

func size(r record.Range) uint64 { return r.To - r.From + 1 }
