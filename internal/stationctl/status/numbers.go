package status

import (
	"cmp"
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
	known []record.Range
}

func (n *numbers) add(seq uint64, skipped string) {
	n.last = max(n.last, seq)
	n.known = append(n.known, record.Range{From: seq, To: seq})
	if skipped == "" || len(skipped) > maxSkipped {
		return
	}
	if s, err := record.ParseSkipped(skipped); err == nil {
		n.known = append(append(n.known, s.Parked...), s.Dropped...)
	}
}

// lost counts the numbers from first to last that are not known.
func (n *numbers) lost() (count int64) {
	slices.SortFunc(n.known, func(a, b record.Range) int { return cmp.Compare(a.From, b.From) })
	next := n.first
	for _, r := range n.known {
		if r.From > n.last {
			break
		}
		if r.From > next {
			count += int64(r.From - next) //nolint:gosec // at most record.MaxSeq
		}
		next = max(next, r.To+1)
	}
	return count
}
