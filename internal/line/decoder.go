package line

import (
	"bytes"
	"fmt"
)

// Decoder reads lines of one format. It is not for use by several goroutines.
type Decoder struct {
	// Format is what the lines are written in.
	Format Format
	// ChecksumRequired refuses what no checksum stands over.
	ChecksumRequired bool

	habit habit
}

// habit is how long a sender's checksums are. A part of a fused line without one has lost it, and so has a line of a format in
// which half a line may pass. The first digits of a CRC-32 are no XOR, which they would be once in 256 times.
type habit struct {
	digits  int  // 0 is not known
	broken  bool // a record of this line does not follow it
	refused int  // lines in a row with such a record, and no good one
}

// newHabit is after how many such lines the sender is believed to have another sketch.
const newHabit = 10

// follow says whether a record with so many digits is as the sender's are.
func (h *habit) follow(digits int) bool {
	h.broken = h.broken || digits < h.digits
	return digits >= h.digits
}

// good is told of each record that was read.
func (h *habit) good(digits int) {
	if digits > 0 {
		*h = habit{digits: digits}
	}
}

// endLine counts the lines of a sender that may have another sketch now.
func (h *habit) endLine() {
	if !h.broken {
		return
	}
	h.broken = false
	h.refused++
	if h.refused >= newHabit {
		*h = habit{}
	}
}

// Forget is to be called when another sender may have come.
func (d *Decoder) Forget() { d.habit = habit{} }

// byteOrderMark starts what some Windows editors and terminals send.
var byteOrderMark = []byte("\xef\xbb\xbf")

// Decode returns the records of a line, in their order, and the reason why the line, or a part of it, is none. A line has
// several where line ends were lost. The error wraps ErrChecksum, ErrFused (records were saved out of it) or
// flatjson.ErrEncoding; any other is one of syntax.
func (d *Decoder) Decode(line []byte) ([]Record, error) {
	defer d.habit.endLine()
	line = bytes.TrimPrefix(line, byteOrderMark)
	if csv, ok := d.Format.(CSV); ok && csv.isHeader(line) {
		return nil, nil // it needs no checksum, as it has no values
	}
	records, err := d.record(line, !d.Format.Delimited())
	if err == nil {
		return records, nil
	}
	saved, whole := d.fused(line)
	switch {
	case len(saved) == 0:
		return nil, err
	case whole:
		return saved, nil
	}
	return saved, fmt.Errorf("%w: %w", ErrFused, err)
}

// record reads a text that has one record. byHabit asks for a checksum where the sender has sent them.
func (d *Decoder) record(text []byte, byHabit bool) ([]Record, error) {
	if isSentence(text) {
		return d.sentence(text)
	}
	body, digits, checked := cutChecksum(text)
	switch {
	case checked:
		if err := d.verify(body, digits); err != nil {
			return nil, err
		}
	case d.ChecksumRequired || (byHabit && !d.habit.follow(0)):
		return nil, fmt.Errorf(`%w: there is none ("*HH" or "*HHHHHHHH" at the end)`, ErrChecksum)
	}
	readings, err := d.Format.Decode(body)
	if err != nil {
		return nil, err
	}
	var records []Record
	for _, values := range readings {
		records = append(records, Record{Values: values, Checked: checked})
		d.habit.good(len(digits))
	}
	return records, nil
}

func (d *Decoder) verify(body, digits []byte) error {
	if !d.habit.follow(len(digits)) {
		return fmt.Errorf("%w: this sender's have more than %d digits", ErrChecksum, len(digits))
	}
	return verify(body, digits)
}

// sentence reads an NMEA sentence, which always has a checksum: a reading where that is the format, else a position.
func (d *Decoder) sentence(text []byte) ([]Record, error) {
	if _, reading := d.Format.(*NMEA); reading {
		readings, err := d.Format.Decode(text)
		if err != nil || len(readings) == 0 {
			return nil, err
		}
		return []Record{{Values: readings[0], Checked: true}}, nil
	}
	values, err := position(text)
	if err != nil || values == nil {
		return nil, err
	}
	return []Record{{Values: values, Checked: true, Position: true}}, nil
}
