package arduino_serial

import (
	"math"

	"github.com/telegraf-station/telegraf-station/internal/line"
)

// The names of the number that a board increments with each line, and of the one that differs with each boot.
const (
	seqName  = "seq"
	bootName = "boot"
)

// sequence tracks the numbers of a board.
type sequence struct {
	seq, boot number
	// lost counts the lines that are missing before the newest one; resets is 1 if the board booted before it.
	lost, resets int64
}

// number is the most recent value.
type number struct {
	known bool
	value int64
}

// maxGap limits a gap that counts as lost lines: a week of them, one per second. A larger step is a restart.
const maxGap = 1_000_000

// update computes lost and resets from the numbers of a line, which may have none.
func (s *sequence) update(values line.Values) {
	s.lost, s.resets = 0, 0
	before := s.seq
	sameBoot := s.boot.known && values[bootName] != nil
	booted := s.boot.set(values[bootName])
	s.seq.set(values[seqName])
	if s.seq.value >= 1<<32 { // seq has at most 32 bits
		s.seq = before
	}
	step := s.seq.value - before.value
	switch {
	case booted:
		s.resets = 1
	case before.known && step > 0 && step <= maxGap:
		s.lost = step - 1
	case before.known && step != 0:
		s.lost, s.resets = afterDecrease(before.value, s.seq.value)
	}
	if sameBoot && !booted { // the number of the boot is the same
		s.resets = 0
	}
}

// set stores the value and reports whether it has changed. Some Telegraf parsers return all numbers as floats.
func (n *number) set(value any) (changed bool) {
	given, ok := value.(int64)
	if float, isFloat := value.(float64); isFloat && float == math.Trunc(float) && math.Abs(float) < 1<<53 {
		given, ok = int64(float), true
	}
	if !ok || given < 0 {
		return false
	}
	changed = n.known && given != n.value
	n.known, n.value = true, given
	return changed
}

// afterDecrease handles a seq that is smaller than the previous one, or far from it: near the end of 8, 16, or 32 bits (within 16, 100, and
// 100 numbers), it has wrapped to 0; otherwise the board has booted.
func afterDecrease(before, seq int64) (lost, resets int64) {
	for _, width := range []struct{ end, near int64 }{{1 << 8, 16}, {1 << 16, 100}, {1 << 32, 100}} {
		if before < width.end && before >= width.end-width.near && seq < width.near {
			return width.end - before - 1 + seq, 0
		}
	}
	return 0, 1
}
