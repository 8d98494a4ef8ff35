package audit

import (
	"slices"
	"sort"

	"github.com/telegraf-station/telegraf-station/internal/record"
)

// rangeSet holds numbers as ranges, sorted and apart: a gapless epoch is one range, however long.
type rangeSet []record.Range

// add returns false if the number was there.
func (s *rangeSet) add(n uint64) bool {
	all := *s
	i := sort.Search(len(all), func(i int) bool { return all[i].To >= n })
	if i < len(all) && all[i].From <= n {
		return false
	}
	before := i > 0 && all[i-1].To+1 == n
	after := i < len(all) && all[i].From == n+1
	switch {
	case before && after:
		all[i-1].To = all[i].To
		*s = slices.Delete(all, i, i+1)
	case before:
		all[i-1].To = n
	case after:
		all[i].From = n
	default:
		*s = slices.Insert(all, i, record.Range{From: n, To: n})
	}
	return true
}

// addRange adds all numbers of a range. Neighbours stay apart, which changes no gap.
func (s *rangeSet) addRange(r record.Range) {
	all := *s
	first := sort.Search(len(all), func(i int) bool { return all[i].To+1 >= r.From })
	after := sort.Search(len(all), func(i int) bool { return all[i].From > r.To+1 })
	if first < after {
		r = record.Range{From: min(r.From, all[first].From), To: max(r.To, all[after-1].To)}
	}
	*s = slices.Replace(all, first, after, r)
}

// gaps are the numbers from one to another that are not in the set.
func (s *rangeSet) gaps(from, to uint64) []record.Range {
	var gaps []record.Range
	for _, r := range *s {
		if r.To < from {
			continue
		}
		if r.From > to {
			break
		}
		if r.From > from {
			gaps = append(gaps, record.Range{From: from, To: r.From - 1})
		}
		from = r.To + 1
	}
	if from <= to {
		gaps = append(gaps, record.Range{From: from, To: to})
	}
	return gaps
}

// last is the highest number, or 0.
func (s *rangeSet) last() uint64 {
	if len(*s) == 0 {
		return 0
	}
	return (*s)[len(*s)-1].To
}

func count(ranges []record.Range) (n int64) {
	for _, r := range ranges {
		n += int64(r.To - r.From + 1) //nolint:gosec // far below
	}
	return n
}
