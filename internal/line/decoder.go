package line

import (
	"bytes"
	"fmt"
)

// Decoder decodes lines of one format.
type Decoder struct {
	// Format is the format of the lines.
	Format Format
	// ChecksumRequired rejects records without a checksum.
	ChecksumRequired bool

	habit habit
}

// habit is the number of checksum digits that the board usually sends. Where part of a record may look like a whole one, a record with
// fewer digits has lost its checksum or the end of it: without this rule, the first two digits of a cut CRC-32 would pass as an XOR once in
// 256 times.
type habit struct {
	digits   int  // 0 if not known
	broken   bool // true if a record of this line has fewer digits
	rejected int  // consecutive lines with such a record and without a valid one
}

// maxRejected is the number of such lines after which the board is assumed to run another sketch.
const maxRejected = 10

// observe notes the number of checksum digits of a record and returns whether it has as many as usual.
func (h *habit) observe(digits int) (usual bool) {
	h.broken = h.broken || digits < h.digits
	return digits >= h.digits
}

// accept sets the usual number of digits from a valid record.
func (h *habit) accept(digits int) {
	if digits > 0 {
		*h = habit{digits: digits}
	}
}

// endLine forgets the habit after maxRejected lines.
func (h *habit) endLine() {
	if !h.broken {
		return
	}
	h.broken = false
	h.rejected++
	if h.rejected >= maxRejected {
		*h = habit{}
	}
}

// Forget resets the decoder for another board, e.g. after the port was reopened.
func (d *Decoder) Forget() { d.habit = habit{} }

// byteOrderMark is sent first by some Windows editors and terminals.
var byteOrderMark = []byte("\xef\xbb\xbf")

// Decode returns the records of a line in order, and an error if the line or a part of it was rejected. A line has several records if
// line ends were lost. The error wraps ErrChecksum, ErrFused (the returned records were saved from a damaged line), or
// flatjson.ErrEncoding; all others are syntax errors.
func (d *Decoder) Decode(line []byte) ([]Record, error) {
	defer d.habit.endLine()
	line = bytes.TrimPrefix(line, byteOrderMark)
	if csv, ok := d.Format.(CSV); ok && csv.isHeader(line) {
		return nil, nil // needs no checksum, because it has no values
	}
	records, err := d.record(line, !d.Format.Delimited())
	if err == nil {
		return records, nil
	}
	saved, complete := d.recordsWithin(line)
	switch {
	case len(saved) == 0:
		return nil, err
	case complete:
		return saved, nil
	}
	return saved, fmt.Errorf("%w: %w", ErrFused, err)
}

// record decodes a text that is one record. If byHabit is set, it requires a checksum if the board usually sends one.
func (d *Decoder) record(text []byte, byHabit bool) ([]Record, error) {
	if isSentence(text) {
		return d.sentence(text)
	}
	body, digits, checked := cutChecksum(text)
	switch {
	case checked && !d.habit.observe(len(digits)):
		return nil, fmt.Errorf("%w: %d digits, but this board sends more", ErrChecksum, len(digits))
	case checked:
		if err := verify(body, digits); err != nil {
			return nil, err
		}
	case d.ChecksumRequired || (byHabit && !d.habit.observe(0)):
		return nil, fmt.Errorf(`%w: the line does not end in "*HH" or "*HHHHHHHH"`, ErrChecksum)
	}
	readings, err := d.Format.Decode(body)
	if err != nil {
		return nil, err
	}
	var records []Record
	for _, values := range readings {
		records = append(records, Record{Values: values, Checked: checked})
		d.habit.accept(len(digits))
	}
	return records, nil
}

// sentence decodes an NMEA sentence, which always has a checksum, as a reading if that is the format, otherwise as a position.
func (d *Decoder) sentence(text []byte) ([]Record, error) {
	if _, isFormat := d.Format.(*NMEA); isFormat {
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
