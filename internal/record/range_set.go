package record

import (
	"slices"
	"sort"
)

// Range is a range of numbers, both ends included.
type Range struct {
	From uint64 `json:"from"`
	To   uint64 `json:"to"`
}

// Single returns the range that has only n.
func Single(n uint64) Range { return Range{n, n} }

// Count returns how many numbers the range has. A range from 0 to the highest uint64 is not supported.
func (r Range) Count() uint64 { return r.To - r.From + 1 }

// intersection returns the numbers that two ranges share; ok is false if there are none.
func (r Range) intersection(other Range) (both Range, ok bool) {
	both = Range{max(r.From, other.From), min(r.To, other.To)}
	return both, both.From <= both.To
}

// RangeSet is a set of numbers, stored as sorted ranges that neither overlap nor adjoin: an epoch without gaps is one range, however long
// it is. The zero value is an empty set.
type RangeSet []Range

// NewRangeSet returns the set of the given numbers, in any order.
func NewRangeSet(numbers ...uint64) RangeSet {
	var s RangeSet
	for _, n := range numbers {
		s.Add(Single(n))
	}
	return s
}

// Add adds all numbers of a range and returns how many of them are new.
func (s *RangeSet) Add(r Range) (added uint64) {
	all := *s
	// Ranges from first up to, but not including, end overlap r or adjoin it. The differences cannot overflow, unlike To+1.
	first := sort.Search(len(all), func(i int) bool { return all[i].To >= r.From || r.From-all[i].To == 1 })
	end := first
	added = r.Count()
	merged := r
	for ; end < len(all) && (all[end].From <= r.To || all[end].From-r.To == 1); end++ {
		if both, ok := all[end].intersection(r); ok {
			added -= both.Count()
		}
		merged = Range{min(merged.From, all[end].From), max(merged.To, all[end].To)}
	}
	*s = slices.Replace(all, first, end, merged)
	return added
}

// Remove removes all numbers of a range and returns how many of them were in the set.
func (s *RangeSet) Remove(r Range) (removed uint64) {
	all := *s
	first := all.search(r.From)
	end := first
	var rest []Range
	for ; end < len(all) && all[end].From <= r.To; end++ {
		each := all[end]
		both, _ := each.intersection(r)
		removed += both.Count()
		if each.From < both.From {
			rest = append(rest, Range{each.From, both.From - 1})
		}
		if both.To < each.To {
			rest = append(rest, Range{both.To + 1, each.To})
		}
	}
	*s = slices.Replace(all, first, end, rest...)
	return removed
}

// KeepNewest drops the lowest ranges until at most n are left, which limits the memory of the set.
func (s *RangeSet) KeepNewest(n int) { *s = (*s)[max(0, len(*s)-n):] }

// search returns the index of the first range that ends at n or higher.
func (s RangeSet) search(n uint64) int {
	return sort.Search(len(s), func(i int) bool { return s[i].To >= n })
}

// Contains reports whether every number of a range is in the set.
func (s RangeSet) Contains(r Range) bool {
	i := s.search(r.From)
	return i < len(s) && s[i].From <= r.From && r.To <= s[i].To
}

// Count returns how many numbers of a range are in the set.
func (s RangeSet) Count(within Range) (n uint64) {
	for _, each := range s[s.search(within.From):] {
		both, ok := each.intersection(within)
		if !ok {
			break
		}
		n += both.Count()
	}
	return n
}

// Gaps returns the numbers of a range that are not in the set.
func (s RangeSet) Gaps(within Range) (gaps []Range) {
	next := within.From
	for _, each := range s[s.search(within.From):] {
		if each.From > within.To {
			break
		}
		if each.From > next {
			gaps = append(gaps, Range{next, each.From - 1})
		}
		if each.To >= within.To {
			return gaps
		}
		next = each.To + 1
	}
	if next <= within.To {
		gaps = append(gaps, Range{next, within.To})
	}
	return gaps
}

// Highest returns the highest number of the set, or 0 if it is empty.
func (s RangeSet) Highest() uint64 {
	if len(s) == 0 {
		return 0
	}
	return s[len(s)-1].To
}
