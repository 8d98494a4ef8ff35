package arduino_serial

import "github.com/telegraf-station/telegraf-station/internal/line"

// The names in a line of its number, counted up by one with each, and of what differs with each boot of the board.
const (
	seqName  = "seq"
	bootName = "boot"
)

// sequence follows a board's numbers.
type sequence struct {
	known        bool
	seq, boot    int64
	lost, resets int64 // by the newest line
}

// next takes a line's numbers. After it, lost is how many lines are missing before this one and resets is 1 if the board has
// booted since. A line without seq changes nothing.
func (s *sequence) next(values line.Values) {
	s.lost, s.resets = 0, 0
	seq, ok := values[seqName].(int64)
	boot, _ := values[bootName].(int64) // 0 if there is none
	if !ok || seq < 0 {
		return
	}
	switch {
	case !s.known:
	case boot != s.boot:
		s.resets = 1
	case seq > s.seq:
		s.lost = seq - s.seq - 1
	case seq < s.seq:
		s.lost, s.resets = s.back(seq)
	}
	s.known, s.seq, s.boot = true, seq, boot
}

// nearEnd is how close to its end a number must be to have begun anew, and not the board.
const nearEnd = 100

// back judges a number that is smaller than the last one: at the end of 8, 16 or 32 bits it begins anew with 0.
func (s *sequence) back(seq int64) (lost, resets int64) {
	for _, end := range []int64{1 << 8, 1 << 16, 1 << 32} {
		if s.seq < end && s.seq >= end-nearEnd && seq < nearEnd {
			return end - s.seq - 1 + seq, 0
		}
	}
	return 0, 1
}
