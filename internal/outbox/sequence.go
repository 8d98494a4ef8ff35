package outbox

import (
	"encoding/binary"
	"math/rand/v2"

	"github.com/telegraf-station/telegraf-station/internal/record"
)

// device identifies the records that are numbered together.
type device struct{ topic, id string }

func deviceOf(r *Record) device { return device{r.Topic, r.Device} }

// sequence numbers the records of each topic and device.
type sequence struct {
	epoch  uint64
	newest map[device]uint64
	// highest is the highest epoch that is known.
	highest uint64
	// skips are listed in the next records of their device: each lists up to maxRecordSkips of them, or what skipLimits says for its topic.
	skips      map[device]*skipList
	skipLimits map[string]int
	// maxRecordBytes limits a record with what it lists.
	maxRecordBytes int
	// memoryOnly is true if records that are only in memory have numbers of this epoch.
	memoryOnly bool
}

// startEpoch starts an epoch, because not all numbers of the current one are known anymore.
// Epochs sort by time as long as the clock does, and never decrease.
func (s *sequence) startEpoch(now uint64) {
	s.epoch = max(now, s.highest+1) + rand.Uint64N(1<<20) //nolint:gosec // not a secret: makes epochs differ where the clock always starts in 1970
	s.highest = s.epoch
	s.newest = make(map[device]uint64)
	s.memoryOnly = false
}

// number gives a record the next number of its device, unless it is replayed and its own number is one that was given.
func (s *sequence) number(r *Record) {
	d := deviceOf(r)
	r.replayed = r.Epoch > 0 && (r.Epoch < s.epoch || r.Epoch == s.epoch && r.Seq <= s.newest[d])
	if !r.replayed {
		s.newest[d]++
		r.Epoch, r.Seq = s.epoch, s.newest[d]
	}
	r.Skipped = s.nextSkips(r)
}

// nextSkips removes the skips that a record lists: as many as fit.
func (s *sequence) nextSkips(r *Record) []Skips {
	d := deviceOf(r)
	waiting := s.skips[d]
	if waiting == nil {
		return nil
	}
	limit, limited := s.skipLimits[r.Topic]
	if !limited {
		limit = maxRecordSkips
	}
	next := waiting.removeFirst(min(limit, (s.maxRecordBytes-r.size())/maxRangeText))
	if len(*waiting) == 0 {
		delete(s.skips, d)
	}
	return next
}

// undo takes back the numbers of records that were not accepted.
func (s *sequence) undo(records []*Record) {
	for _, r := range records {
		if s.addSkips(r, r.Skipped); !r.replayed {
			s.newest[deviceOf(r)]--
			r.Epoch, r.Seq = 0, 0
		}
		r.Skipped = nil
	}
}

// skip notes that a numbered record will not be delivered.
func (s *sequence) skip(r *Record, parked bool) {
	var own skipList
	own.add(r.Epoch, record.Single(r.Seq), parked)
	s.addSkips(r, own)
	s.addSkips(r, r.Skipped)
}

// addSkips has the next records of r's device list skips.
func (s *sequence) addSkips(r *Record, skips []Skips) {
	if len(skips) == 0 {
		return
	}
	d := deviceOf(r)
	if s.skips[d] == nil {
		s.skips[d] = &skipList{}
	}
	waiting := s.skips[d]
	waiting.addAll(skips)
	waiting.removeFirst(waiting.ranges() - maxSkips)
}

// deferSkips has later records list the skips of a record whose topic does not allow a header of that size: fewer at a time.
// It returns false if a single range is too large already: readers then report its numbers as lost.
func (s *sequence) deferSkips(r *Record) bool {
	limit := skipList(r.Skipped).ranges() / 2
	if limit == 0 {
		return false
	}
	s.skipLimits[r.Topic] = limit
	s.addSkips(r, r.Skipped)
	return true
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
	s.highest = max(s.highest, epoch)
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
	for d, skips := range s.skips {
		data = appendSkips(appendBytes(appendBytes(data, d.topic), d.id), *skips)
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
	if p.err != nil || epoch == 0 {
		return
	}
	s.observe(epoch, memoryOnly, newest)
	for len(p.data) > 0 {
		r := &Record{Topic: string(p.bytes()), Device: string(p.bytes())}
		if skips := p.skips(); p.err == nil {
			s.addSkips(r, skips)
		}
	}
}
