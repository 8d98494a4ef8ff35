package arduino_serial

import (
	"math"

	"github.com/telegraf-station/telegraf-station/internal/line"
)

// The names in a line of its number, counted up by one with each, and of what differs with each boot of the board.
const (
	seqName  = "seq"
	bootName = "boot"
)

// sequence follows a board's numbers.
type sequence struct {
	seq, boot number
	// lost is how many lines are missing before the newest one, resets is 1 if the board has booted since the one before it.
	lost, resets int64
}

// number is the newest one that came.
type number struct {
	known bool
	value int64
}

// maxGap is how many lines are believed to be lost at once: a week of them, one a second. A larger step is another count.
const maxGap = 1_000_000

// next takes a line's numbers, of which it may have none.
func (s *sequence) next(values line.Values) {
	s.lost, s.resets = 0, 0
	before := s.seq
	sameBoot := s.boot.known && values[bootName] != nil
	booted := s.boot.take(values[bootName])
	s.seq.take(values[seqName])
	if s.seq.value >= 1<<32 { // no seq has so many bits
		s.seq = before
	}
	step := s.seq.value - before.value
	switch {
	case booted:
		s.resets = 1
	case before.known && step > 0 && step <= maxGap:
		s.lost = step - 1
	case before.known && step != 0:
		s.lost, s.resets = back(before.value, s.seq.value)
	}
	if sameBoot && !booted { // the board says itself that it has not
		s.resets = 0
	}
}

// take returns whether it differs from a number of before. Some of Telegraf's parsers make floats of all numbers.
func (n *number) take(value any) (changed bool) {
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

// back judges a seq that is smaller than the one before, or far away: at the end of 8, 16 or 32 bits, within 16, 100 and 100 numbers of it, it
// begins anew with 0; else the board has.
func back(before, seq int64) (lost, resets int64) {
	for _, width := range []struct{ end, near int64 }{{1 << 8, 16}, {1 << 16, 100}, {1 << 32, 100}} {
		if before < width.end && before >= width.end-width.near && seq < width.near {
			return width.end - before - 1 + seq, 0
		}
	}
	return 0, 1
}
