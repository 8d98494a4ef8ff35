package outbox

import (
	"encoding/binary"
	"math/rand/v2"
)

// device identifies the records that are numbered together.
type device struct{ topic, id string }

func deviceOf(r *Record) device { return device{r.Topic, r.Device} }

// sequence numbers the records of each topic and device.
type sequence struct {
	epoch  uint64
	newest map[device]uint64
	// skips are listed in the next record of their device.
	skips map[device][]Skip
	// memoryOnly is true if records that are only in memory have numbers of this epoch.
	memoryOnly bool
}

// startEpoch starts an epoch, because not all numbers of the current one are known anymore.
// Epochs sort by time as long as the clock does, and never decrease.
func (s *sequence) startEpoch(now uint64) {
	s.epoch = max(now, s.epoch+1) + rand.Uint64N(1<<20) //nolint:gosec // not a secret: makes epochs differ where the clock always starts in 1970
	s.newest = make(map[device]uint64)
	s.memoryOnly = false
}

// number gives a record the next number of its device.
func (s *sequence) number(r *Record) {
	d := deviceOf(r)
	s.newest[d]++
	r.Epoch, r.Seq, r.Skipped = s.epoch, s.newest[d], s.skips[d]
	delete(s.skips, d)
}

// undo takes back the numbers of records that were not accepted.
func (s *sequence) undo(records []*Record) {
	for _, r := range records {
		d := deviceOf(r)
		s.newest[d]--
		if len(r.Skipped) > 0 {
			s.skips[d] = append(r.Skipped, s.skips[d]...)
		}
		r.Epoch, r.Seq, r.Skipped = 0, 0, nil
	}
}

// maxSkips limits what one record lists. Beyond that, readers that compare the numbers report lost records.
const maxSkips = 10_000

// skip notes that a numbered record will not be delivered.
func (s *sequence) skip(r *Record, parked bool) {
	d := deviceOf(r)
	all := append(append(s.skips[d], r.Skipped...), Skip{r.Epoch, r.Seq, parked})
	s.skips[d] = all[max(0, len(all)-maxSkips):]
}

// restore continues at the ends of the logs, unless numbers of this process are in memory.
func (s *sequence) restore(ends map[*segmentLog]*logEnd) {
	if !s.memoryOnly {
		s.epoch = 0
	}
	for _, end := range ends {
		s.merge(end.ownerState)
	}
	for _, end := range ends {
		for _, r := range end.records {
			s.observe(r.Epoch, r.memoryOnly, map[device]uint64{deviceOf(r): r.Seq})
		}
	}
}

// observe continues at numbers that devices have got.
func (s *sequence) observe(epoch uint64, memoryOnly bool, newest map[device]uint64) {
	if epoch > s.epoch {
		s.epoch, s.newest, s.memoryOnly = epoch, make(map[device]uint64), false
	}
	if epoch < s.epoch {
		return
	}
	s.memoryOnly = s.memoryOnly || memoryOnly
	for d, seq := range newest {
		s.newest[d] = max(s.newest[d], seq)
	}
}

func (s *sequence) encode() []byte {
	data := binary.AppendUvarint(nil, s.epoch)
	data = binary.AppendUvarint(data, boolBit(s.memoryOnly))
	data = binary.AppendUvarint(data, uint64(len(s.newest)))
	for d, newest := range s.newest {
		data = appendBytes(appendBytes(data, d.topic), d.id)
		data = binary.AppendUvarint(data, newest)
	}
	return data
}

// merge continues at encoded numbers, unless they are damaged.
func (s *sequence) merge(data []byte) {
	p := decoder{data: data}
	epoch, memoryOnly, newest := p.uvarint(), p.uvarint() == 1, make(map[device]uint64)
	for left := p.uvarint(); left > 0 && p.err == nil; left-- {
		d := device{string(p.bytes()), string(p.bytes())}
		newest[d] = p.uvarint()
	}
	if p.err == nil && epoch > 0 {
		s.observe(epoch, memoryOnly, newest)
	}
}
