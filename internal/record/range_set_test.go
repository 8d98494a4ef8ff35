package record

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// A RangeSet does what a map of numbers does, with as few ranges as possible.
func TestRangeSetIsASetOfNumbers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var set RangeSet
		model := make(map[uint64]bool)
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			r := drawRange(t)
			var changed uint64
			add := rapid.Bool().Draw(t, "add")
			for n := r.From; n <= r.To; n++ {
				if model[n] != add {
					changed++
				}
				model[n] = add
			}
			if add {
				require.Equal(t, changed, set.Add(r))
			} else {
				require.Equal(t, changed, set.Remove(r))
			}
			require.Equal(t, rangesOf(model, true, Range{1, 80}), append([]Range(nil), set...))
		}
		within := drawRange(t)
		var count uint64
		for n := within.From; n <= within.To; n++ {
			require.Equal(t, model[n], set.Contains(Single(n)))
			if model[n] {
				count++
			}
		}
		require.Equal(t, count, set.Count(within))
		require.Equal(t, count == within.Count(), set.Contains(within))
		require.Equal(t, rangesOf(model, false, within), set.Gaps(within))
	})
}

func drawRange(t *rapid.T) Range {
	from := rapid.Uint64Range(1, 60).Draw(t, "from")
	return Range{from, from + rapid.Uint64Range(0, 8).Draw(t, "more")}
}

// rangesOf returns the numbers of a range that the model has, or has not.
func rangesOf(model map[uint64]bool, has bool, within Range) []Range {
	var ranges []Range
	for n := within.From; n <= within.To; n++ {
		last := len(ranges) - 1
		switch {
		case model[n] != has:
		case last >= 0 && ranges[last].To+1 == n:
			ranges[last].To = n
		default:
			ranges = append(ranges, Range{n, n})
		}
	}
	return ranges
}

func TestRangeSetUpToTheHighestNumber(t *testing.T) {
	t.Parallel()
	const top = math.MaxUint64
	set := NewRangeSet(3, top, 1, top-2)
	require.Equal(t, RangeSet{{1, 1}, {3, 3}, {top - 2, top - 2}, {top, top}}, set)
	require.Equal(t, []Range{{top - 1, top - 1}}, set.Gaps(Range{top - 2, top}))
	require.EqualValues(t, 1, set.Add(Range{top - 2, top}))
	require.True(t, set.Contains(Range{top - 2, top}))
	require.Equal(t, uint64(top-5), set.Add(Range{2, top}))
	require.Equal(t, RangeSet{{1, top}}, set)
	require.Equal(t, uint64(top), set.Highest())
	require.Equal(t, uint64(top-1), set.Remove(Range{2, top}))
	require.Equal(t, RangeSet{{1, 1}}, set)
}

func TestKeepNewest(t *testing.T) {
	t.Parallel()
	set := NewRangeSet(1, 3, 5)
	set.KeepNewest(3)
	require.Len(t, set, 3)
	set.KeepNewest(2)
	require.Equal(t, RangeSet{{3, 3}, {5, 5}}, set)
	set.KeepNewest(0)
	require.Zero(t, set.Highest())
	require.Empty(t, set.Gaps(Range{2, 1}))
}
