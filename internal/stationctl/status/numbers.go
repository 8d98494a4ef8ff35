package status

import (
	"slices"

	"github.com/telegraf-station/telegraf-station/internal/record"
)

// maxSkipped limits the header station-skipped, in bytes: a stolen station can write anything.
const maxSkipped = 64 << 10

// numbers tracks the sequence numbers of a device in one epoch.
type numbers struct {
	// first is the number of the first record in the order of the topic, and last the highest: a retried batch begins before first,
	// and the numbers between are not lost.
	first, last uint64
	// known are the numbers that arrived or were skipped.
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
