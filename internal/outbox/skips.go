package outbox

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/telegraf-station/telegraf-station/internal/record"
)

// Skips are sequence numbers of one epoch whose records were parked or dropped after they were numbered.
type Skips struct {
	Epoch           uint64
	Parked, Dropped record.RangeSet
}

// skipList has the skips of a device, the earliest epoch first.
type skipList []Skips

const (
	// maxSkips limits the ranges that are remembered for a device. Readers report the numbers in older ones as lost.
	maxSkips = 10_000
	// maxRecordSkips limits the ranges that one record lists, so that its header stays below 4 KiB. The next records list the rest.
	maxRecordSkips = 100
	// maxRangeText is the most that one range can add to the header, in bytes.
	maxRangeText = 64
)

func (l *skipList) of(epoch uint64) *Skips {
	i, found := slices.BinarySearchFunc(*l, epoch, func(s Skips, epoch uint64) int { return cmp.Compare(s.Epoch, epoch) })
	if !found {
		*l = slices.Insert(*l, i, Skips{Epoch: epoch})
	}
	return &(*l)[i]
}

// add adds a range of one epoch.
func (l *skipList) add(epoch uint64, numbers record.Range, parked bool) {
	s := l.of(epoch)
	if parked {
		s.Parked.Add(numbers)
	} else {
		s.Dropped.Add(numbers)
	}
}

// addAll adds the skips of another list.
func (l *skipList) addAll(others []Skips) {
	for _, s := range others {
		for _, numbers := range s.Parked {
			l.add(s.Epoch, numbers, true)
		}
		for _, numbers := range s.Dropped {
			l.add(s.Epoch, numbers, false)
		}
	}
}

// ranges counts the ranges.
func (l skipList) ranges() (n int) {
	for _, s := range l {
		n += len(s.Parked) + len(s.Dropped)
	}
	return n
}

// removeFirst removes up to limit ranges from the list, and returns them.
func (l *skipList) removeFirst(limit int) (first skipList) {
	for len(*l) > 0 && limit > 0 {
		s := &(*l)[0]
		parked := min(limit, len(s.Parked))
		dropped := min(limit-parked, len(s.Dropped))
		limit -= parked + dropped
		first = append(first, Skips{s.Epoch, slices.Clone(s.Parked[:parked]), slices.Clone(s.Dropped[:dropped])})
		s.Parked, s.Dropped = s.Parked[parked:], s.Dropped[dropped:]
		if len(s.Parked)+len(s.Dropped) == 0 {
			*l = (*l)[1:]
		}
	}
	return first
}

// appendSkips stores each range as its epoch and first number. If it has more numbers, an epoch of 0 and their count follow.
func appendSkips(data []byte, skips []Skips) []byte {
	entries := uint64(0)
	var encoded []byte
	add := func(epoch uint64, ranges record.RangeSet, parked bool) {
		for _, r := range ranges {
			encoded = appendNumber(encoded, epoch, r.From, parked)
			entries++
			if r.To > r.From {
				encoded = appendNumber(encoded, 0, r.To-r.From, parked)
				entries++
			}
		}
	}
	for _, s := range skips {
		add(s.Epoch, s.Parked, true)
		add(s.Epoch, s.Dropped, false)
	}
	return append(binary.AppendUvarint(data, entries), encoded...)
}

// skips reads what appendSkips wrote.
func (d *decoder) skips() (skips skipList) {
	var epoch uint64
	var numbers record.Range
	for n := d.uvarint(); n > 0 && d.err == nil; n-- {
		next, seq, parked := d.number()
		if next > 0 {
			epoch, numbers = next, record.Single(seq)
		} else {
			numbers = record.Range{From: numbers.From, To: numbers.To + seq}
		}
		if d.err == nil && numbers.To >= numbers.From {
			skips.add(epoch, numbers, parked)
		}
	}
	return skips
}
