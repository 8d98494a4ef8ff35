package line

import (
	"cmp"
	"slices"
)

// maxStarts bounds the work on a line of noise. The last ones count, since what comes last is most likely whole.
const maxStarts = 32

// fused saves the records of a line in which line ends were lost, or which noise stands before: half a line, a bootloader's
// bytes. whole tells that every part of it was a record.
func (d *Decoder) fused(line []byte) (saved []Record, whole bool) {
	starts := d.starts(line)
	begin, whole := Start{}, true
	for {
		records, passed, ok := d.longest(line, begin, starts)
		saved, whole = append(saved, records...), whole && ok
		if passed >= len(starts) {
			return saved, whole
		}
		begin, starts = starts[passed], starts[passed+1:]
	}
}

// longest reads the record that starts at begin and ends where a later one starts, or with the line. passed is how many of the
// later starts are within the record.
func (d *Decoder) longest(line []byte, begin Start, later []Start) (records []Record, passed int, ok bool) {
	end := len(line)
	for passed = len(later); ; passed-- {
		records, err := d.piece(line[begin.At:end], begin.Weak || (end < len(line) && !d.Format.Delimited()))
		if err == nil {
			return records, passed, true
		}
		if passed == 0 {
			return nil, 0, false
		}
		end = later[passed-1].At
	}
}

// piece reads a part of a line. mayBePart says that without a checksum it may be a part of a record.
func (d *Decoder) piece(text []byte, mayBePart bool) ([]Record, error) {
	if _, _, checked := cutChecksum(text); mayBePart && !checked && !isSentence(text) {
		return nil, ErrChecksum
	}
	return d.record(text, true)
}

// starts tells where in a line, behind its beginning, a record may start: nowhere within one that a CRC-32 stands over.
func (d *Decoder) starts(line []byte) []Start {
	starts := slices.Concat(d.Format.Starts(line), sentenceStarts(line), checksumEnds(line, d.habit.digits), noiseEnd(line))
	for _, record := range crcRecords(line) {
		starts = slices.DeleteFunc(starts, func(s Start) bool { return s.At > record.begin && s.At < record.end })
		starts = append(starts, Start{At: record.begin, Weak: true})
	}
	starts = slices.DeleteFunc(starts, func(s Start) bool { return s.At == 0 })
	slices.SortStableFunc(starts, func(a, b Start) int { return cmp.Compare(a.At, b.At) })
	starts = slices.CompactFunc(starts, func(a, b Start) bool { return a.At == b.At })
	return starts[max(0, len(starts)-maxStarts):]
}

// noiseEnd is behind the last byte that a line of text does not have.
func noiseEnd(line []byte) []Start {
	for at := len(line) - 2; at >= 0; at-- {
		if (line[at] < ' ' && line[at] != '\t') || line[at] > '~' {
			return []Start{{At: at + 1, Weak: true}}
		}
	}
	return nil
}
