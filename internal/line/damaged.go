package line

import (
	"cmp"
	"slices"
)

// maxStarts limits the work on a line of noise to its last starts: the end of a line is most likely intact.
const maxStarts = 32

// recordsWithin returns the whole records of a line that has lost line ends or starts with something else: half a line, or
// the bytes of a bootloader. complete is true if the line consists of these records only.
func (d *Decoder) recordsWithin(line []byte) (saved []Record, complete bool) {
	starts := d.starts(line)
	begin, complete := Start{}, true
	for {
		records, within, ok := d.recordFrom(line, begin, starts)
		saved, complete = append(saved, records...), complete && ok
		if within >= len(starts) {
			return saved, complete
		}
		begin, starts = starts[within], starts[within+1:]
	}
}

// recordFrom returns the longest record that starts at begin and ends at one of the later starts or with the line. within is the
// number of later starts inside the record.
func (d *Decoder) recordFrom(line []byte, begin Start, later []Start) (records []Record, within int, ok bool) {
	end := len(line)
	for within = len(later); ; within-- {
		records, err := d.fragment(line[begin.At:end], begin.Weak || (end < len(line) && !d.Format.Delimited()))
		if err == nil {
			return records, within, true
		}
		if within == 0 {
			return nil, 0, false
		}
		end = later[within-1].At
	}
}

// fragment decodes a fragment of a line. If mayBePart is set, the fragment may be only part of a record and needs a checksum.
func (d *Decoder) fragment(text []byte, mayBePart bool) ([]Record, error) {
	if _, _, checked := cutChecksum(text); mayBePart && !checked && !isSentence(text) {
		return nil, ErrChecksum
	}
	return d.record(text, true)
}

// starts returns the places after the first byte of a line where a record may start, none of them inside a record with a CRC-32.
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

// noiseEnd returns the place after the last byte that is not text.
func noiseEnd(line []byte) []Start {
	for at := len(line) - 2; at >= 0; at-- {
		if (line[at] < ' ' && line[at] != '\t') || line[at] > '~' {
			return []Start{{At: at + 1, Weak: true}}
		}
	}
	return nil
}
