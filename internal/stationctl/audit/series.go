package audit

import (
	"hash/maphash"
	"slices"
	"time"

	"github.com/telegraf-station/telegraf-station/internal/record"
)

// rememberedValues limits the newest numbers of a device whose values are kept, to distinguish a repeat from a conflict. A retry repeats at
// most a batch of 500 records, so an older number counts as a repeat.
const rememberedValues = 65_536

// series tracks a device in a topic.
type series struct {
	records, repeated, conflicts, outOfOrder int64
	newest                                   time.Time
	epochs                                   map[string]*epoch
	// reached is the highest position in each partition.
	reached map[int32]position
	values  map[position]uint64
	order   []position
	seed    maphash.Seed
	// times are those of the readings, kept only if a store is compared.
	times    []int64
	compared bool
}

// epoch tracks one epoch of an outbox.
type epoch struct {
	seen, parked, dropped record.RangeSet
	// whole is true if retention has deleted no records of its partitions, so that the numbers begin at 1.
	whole bool
}

// position orders the records of a device: epochs sort by time.
type position struct {
	epoch string
	seq   uint64
}

func (p position) before(other position) bool {
	return p.epoch < other.epoch || p.epoch == other.epoch && p.seq < other.seq
}

func newSeries(compared bool) *series {
	return &series{compared: compared, epochs: make(map[string]*epoch), reached: make(map[int32]position), values: make(map[position]uint64), seed: maphash.MakeSeed()}
}

func (s *series) add(e *entry) {
	s.records++
	if e.time.After(s.newest) {
		s.newest = e.time
	}
	ep := s.epoch(e.position.epoch)
	ep.whole = ep.whole && e.whole
	ep.skip(e.skipped.Parked, e.skipped.Dropped)
	for _, earlier := range e.skipped.Earlier {
		s.epoch(earlier.Epoch).skip(earlier.Parked, earlier.Dropped)
	}
	hash := maphash.Bytes(s.seed, e.value)
	if ep.seen.Add(record.Single(e.position.seq)) == 0 {
		s.repeat(e.position, hash)
		return
	}
	s.remember(e.position, hash)
	if s.compared && !e.time.IsZero() {
		s.times = append(s.times, e.time.UnixNano())
	}
	if e.position.before(s.reached[e.partition]) {
		if !ep.parked.Contains(record.Single(e.position.seq)) { // else it was replayed
			s.outOfOrder++
		}
		return
	}
	s.reached[e.partition] = e.position
}

// epoch returns the epoch of a name; it is created if necessary.
func (s *series) epoch(name string) *epoch {
	ep := s.epochs[name]
	if ep == nil {
		ep = &epoch{whole: true}
		s.epochs[name] = ep
	}
	return ep
}

func (e *epoch) skip(parked, dropped []record.Range) {
	for _, r := range parked {
		e.parked.Add(r)
	}
	for _, r := range dropped {
		e.dropped.Add(r)
	}
}

func (s *series) repeat(p position, hash uint64) {
	if known, found := s.values[p]; found && known != hash {
		s.conflicts++
		return
	}
	s.repeated++
}

func (s *series) remember(p position, hash uint64) {
	s.values[p] = hash
	s.order = append(s.order, p)
	if len(s.order) > rememberedValues {
		delete(s.values, s.order[0])
		s.order = s.order[1:]
	}
}

// device returns the result.
func (s *series) device(id string) Device {
	d := Device{ID: id, Records: s.records, Repeated: s.repeated, Conflicts: s.conflicts, OutOfOrder: s.outOfOrder, Newest: s.newest.UTC()}
	names := make([]string, 0, len(s.epochs))
	for name := range s.epochs {
		names = append(names, name)
	}
	slices.Sort(names)
	for i, name := range names {
		result := s.epochs[name].result(name, i == 0)
		d.Epochs = append(d.Epochs, result)
		d.Lost += count(result.Lost)
		d.Parked += count(result.Parked)
		d.Dropped += count(result.Dropped)
		d.Earlier += int64(result.Earlier) //nolint:gosec // at most record.MaxSeq
	}
	return d
}

// result compares the numbers that arrived with those that should have. The numbers before the first one of the first epoch in a topic are
// not lost: they were given before this topic existed.
func (e *epoch) result(name string, firstInTopic bool) Epoch {
	parked := slices.Clone(e.parked)
	for _, r := range e.dropped { // a parked record can be dropped later
		parked.Remove(r)
	}
	result := Epoch{Name: name, Parked: e.notSeen(parked), Dropped: e.notSeen(e.dropped)}
	if len(e.seen) == 0 { // only a record of a later epoch lists its numbers
		return result
	}
	result.First, result.Last, result.BeginDeleted = e.seen[0].From, e.seen.Highest(), !e.whole
	known := slices.Clone(e.seen)
	for _, r := range slices.Concat(e.parked, e.dropped) {
		known.Add(r)
	}
	first := result.First
	switch before := known.Gaps(record.Range{From: 1, To: first}); {
	case !e.whole:
	case firstInTopic:
		result.Earlier = uint64(count(before)) //nolint:gosec // not negative
	default:
		first = 1
	}
	result.Lost = known.Gaps(record.Range{From: first, To: result.Last})
	return result
}

// notSeen returns the parked or dropped numbers that did not arrive anyway.
func (e *epoch) notSeen(given record.RangeSet) (ranges []record.Range) {
	for _, r := range given {
		ranges = append(ranges, e.seen.Gaps(r)...)
	}
	return ranges
}

func count(ranges []record.Range) (n int64) {
	for _, r := range ranges {
		n += int64(r.Count()) //nolint:gosec // at most record.MaxSeq
	}
	return n
}
