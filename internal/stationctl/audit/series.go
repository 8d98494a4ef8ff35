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
	ep := s.epochs[e.position.epoch]
	if ep == nil {
		ep = &epoch{whole: e.whole}
		s.epochs[e.position.epoch] = ep
	}
	ep.whole = ep.whole && e.whole
	for _, r := range e.skipped.Parked {
		ep.parked.Add(r)
	}
	for _, r := range e.skipped.Dropped {
		ep.dropped.Add(r)
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
		s.outOfOrder++
		return
	}
	s.reached[e.partition] = e.position
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
	for _, name := range names {
		ep := s.epochs[name]
		result := ep.result(name)
		d.Epochs = append(d.Epochs, result)
		d.Lost += count(result.Lost)
		d.Parked += count(result.Parked)
		d.Dropped += count(result.Dropped)
	}
	return d
}

func (e *epoch) result(name string) Epoch {
	first := e.seen[0].From
	if e.whole {
		first = 1
	}
	known := slices.Clone(e.seen)
	for _, r := range slices.Concat(e.parked, e.dropped) {
		known.Add(r)
	}
	return Epoch{
		Name: name, First: e.seen[0].From, Last: e.seen.Highest(), BeginDeleted: !e.whole,
		Lost: known.Gaps(record.Range{From: first, To: e.seen.Highest()}), Parked: e.notSeen(e.parked), Dropped: e.notSeen(e.dropped),
	}
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
