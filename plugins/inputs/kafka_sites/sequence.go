package kafka_sites

import (
	"github.com/IBM/sarama"

	"github.com/telegraf-station/telegraf-station/internal/record"
)

// sequence counts the missing records of a device in a partition while they arrive. The proof is stationctl audit, which reads the topic
// from the beginning.
type sequence struct {
	epoch string
	next  uint64
	// missing are the newest gaps in the epoch: a later record may fill them or report them as skipped.
	missing       record.RangeSet
	lost, givenUp uint64
}

// maxGaps limits the memory for a device. The numbers in older gaps stay lost.
const maxGaps = 100

// number is what the headers of a record contain.
type number struct {
	epoch   string
	seq     uint64
	skipped record.Skipped
}

// numberOf returns false for a record without a valid number.
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
	n.skipped, _ = record.ParseSkipped(skipped) // the valid part
	return n, epochErr == nil && seqErr == nil
}

// add counts nothing before the first record, and before the first one of another epoch. A repeated record changes nothing.
func (s *sequence) add(n number) {
	defer s.missing.KeepNewest(maxGaps)
	if n.epoch != s.epoch {
		s.epoch, s.next, s.missing = n.epoch, n.seq, nil
	}
	if n.seq < s.next {
		s.find(record.Single(n.seq))
		return
	}
	if n.seq > s.next {
		gap := record.Range{From: s.next, To: n.seq - 1}
		s.lost = min(s.lost+s.missing.Add(gap), record.MaxSeq)
	}
	s.next = n.seq + 1
	for _, skipped := range append(n.skipped.Parked, n.skipped.Dropped...) {
		s.givenUp = min(s.givenUp+skipped.Count(), record.MaxSeq)
		s.find(skipped)
	}
}

// find removes numbers from the missing ones.
func (s *sequence) find(r record.Range) { s.lost -= min(s.lost, s.missing.Remove(r)) }
