package audit

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Random damage to a gapless stream is reported exactly.
func TestDamageIsReportedExactly(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 200).Draw(t, "n")
		s := newSeries()
		lost, repeated, last := int64(0), int64(0), 0
		var arrived []int
		for seq := 1; seq <= n; seq++ {
			switch rapid.IntRange(0, 9).Draw(t, "what") {
			case 0:
				lost++
				continue
			case 1:
				if len(arrived) > 0 {
					again := rapid.SampledFrom(arrived).Draw(t, "again")
					repeated++
					s.add(numbered(again))
				}
			}
			arrived = append(arrived, seq)
			last = seq
			s.add(numbered(seq))
		}
		if last == 0 {
			return
		}
		d := s.device("pi")
		require.Equal(t, lost-int64(n-last), d.Lost)
		require.Equal(t, repeated, d.Repeated)
		require.Zero(t, d.Conflicts+d.OutOfOrder)
		require.EqualValues(t, len(arrived)+int(repeated), d.Records)
	})
}

func numbered(seq int) *entry {
	return &entry{place: place{firstEpoch, uint64(seq)}, value: fmt.Append(nil, seq), time: begin.Add(time.Duration(seq)), whole: true}
}

func TestMemoryOfALongStreamIsBounded(t *testing.T) {
	t.Parallel()
	s := newSeries()
	for seq := 1; seq <= 3*rememberedValues; seq++ {
		s.add(numbered(seq))
	}
	require.Len(t, s.values, rememberedValues)
	require.Len(t, s.epochs[firstEpoch].seen, 1)
	old := numbered(1)
	old.value = []byte("another")
	s.add(old)
	require.EqualValues(t, 1, s.repeated, "too long ago to be told from a repeat")
}
