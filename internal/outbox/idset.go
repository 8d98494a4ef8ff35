package outbox

import (
	"encoding/binary"
	"sort"
)

// span is a range of ids, both ends included.
type span struct{ from, to uint64 }

// idSet holds the ids of records that are done: all up to below, and those in spans, which are sorted and apart.
type idSet struct {
	below uint64
	spans []span
}

func (s *idSet) has(id uint64) bool {
	if id <= s.below {
		return true
	}
	i := sort.Search(len(s.spans), func(i int) bool { return s.spans[i].to >= id })
	return i < len(s.spans) && s.spans[i].from <= id
}

// hasAll tells whether every id from from to to is in the set.
func (s *idSet) hasAll(from, to uint64) bool {
	from = max(from, s.below+1)
	if from > to {
		return true
	}
	i := sort.Search(len(s.spans), func(i int) bool { return s.spans[i].to >= from })
	return i < len(s.spans) && s.spans[i].from <= from && to <= s.spans[i].to
}

// count is how many ids from from to to are in the set.
func (s *idSet) count(from, to uint64) (n uint64) {
	if from > to {
		return 0
	}
	if from <= s.below {
		n += min(to, s.below) - from + 1
	}
	for _, each := range s.spans {
		if low, high := max(from, each.from), min(to, each.to); low <= high {
			n += high - low + 1
		}
	}
	return n
}

func (s *idSet) add(from, to uint64) {
	from = max(from, s.below+1)
	if from > to {
		return
	}
	first := sort.Search(len(s.spans), func(i int) bool { return s.spans[i].to+1 >= from })
	last := first
	for last < len(s.spans) && s.spans[last].from <= to+1 {
		from, to = min(from, s.spans[last].from), max(to, s.spans[last].to)
		last++
	}
	if from <= s.below+1 {
		s.below = to
		s.spans = append(s.spans[:0], s.spans[last:]...)
		return
	}
	s.spans = append(s.spans[:first], append([]span{{from, to}}, s.spans[last:]...)...)
}

// addAll adds what is in another set.
func (s *idSet) addAll(other idSet) {
	s.add(1, other.below)
	s.addSpans(other.spans)
}

func (s *idSet) addSpans(spans []span) {
	for _, each := range spans {
		s.add(each.from, each.to)
	}
}

// highest is the highest id in the set, or 0.
func (s *idSet) highest() uint64 {
	if len(s.spans) > 0 {
		return s.spans[len(s.spans)-1].to
	}
	return s.below
}

func (s *idSet) appendTo(data []byte) []byte {
	data = binary.AppendUvarint(data, s.below)
	return appendSpans(data, s.spans)
}

func appendSpans(data []byte, spans []span) []byte {
	data = binary.AppendUvarint(data, uint64(len(spans)))
	for _, each := range spans {
		data = binary.AppendUvarint(data, each.from)
		data = binary.AppendUvarint(data, each.to-each.from)
	}
	return data
}

// spansOf are the sorted ids as ranges.
func spansOf(ids []uint64) []span {
	var spans []span
	for _, id := range ids {
		if n := len(spans); n > 0 && spans[n-1].to+1 == id {
			spans[n-1].to = id
			continue
		}
		spans = append(spans, span{id, id})
	}
	return spans
}
