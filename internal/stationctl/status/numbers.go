package status

import (
	"slices"

	"github.com/telegraf-station/telegraf-station/internal/record"
)

// maxSkipped is the most bytes of a header station-skipped that are read: a stolen station may write anything.
const maxSkipped = 64 << 10

// numbers are those of a device's records in one epoch.
type numbers struct {
	// first is that of the first record in the topic's order, and last the highest: a batch that is sent again begins before first,
	// and what lies between is not lost.
	first, last uint64
	// known are those that came, or were skipped.
	known record.RangeSet
}

func (n *numbers) add(seq uint64, skipped string) {
	n.last = max(n.last, seq)
	n.known.Add(record.Single(seq))
	if skipped == "" || len(skipped) > maxSkipped {
		return
	}
	if s, err := record.ParseSkipped(skipped); err == nil {
		for _, r := range slices.Concat(s.Parked, s.Dropped) {
			n.known.Add(r)
		}
	}
}

// lost counts the numbers from first to last that are not known.
func (n *numbers) lost() int64 {
	within := record.Range{From: n.first, To: n.last}
	return int64(within.Count() - n.known.Count(within)) //nolint:gosec // at most record.MaxSeq
}
