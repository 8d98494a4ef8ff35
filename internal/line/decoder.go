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

	// digits is how long the sender's checksums are, as far as is known. A part of a fused line without one has lost it, and
	// the first digits of a CRC-32 are no XOR, which they would be once in 256 times.
	digits int
}

// byteOrderMark starts what some Windows editors and terminals send.
var byteOrderMark = []byte("\xef\xbb\xbf")

// Decode returns the records of a line, in their order, and the reason why the line, or a part of it, is none. A line has
// several where line ends were lost. The error wraps ErrChecksum, ErrFused (records were saved out of it) or
// flatjson.ErrEncoding; any other is one of syntax.
func (d *Decoder) Decode(line []byte) ([]Record, error) {
	line = bytes.TrimPrefix(line, byteOrderMark)
	records, err := d.record(line, false)
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

// record reads a text that has one record.
func (d *Decoder) record(text []byte, mustBeChecked bool) ([]Record, error) {
	if isSentence(text) {
		return d.sentence(text)
	}
	body, digits, checked := cutChecksum(text)
	switch {
	case checked:
		if err := d.verify(body, digits); err != nil {
			return nil, err
		}
	case d.ChecksumRequired || mustBeChecked:
		return nil, fmt.Errorf(`%w: there is none ("*HH" or "*HHHHHHHH" at the end)`, ErrChecksum)
	}
	readings, err := d.Format.Decode(body)
	if err != nil {
		return nil, err
	}
	var records []Record
	for _, values := range readings {
		records = append(records, Record{Values: values, Checked: checked})
	}
	return records, nil
}

func (d *Decoder) verify(body, digits []byte) error {
	if len(digits) < d.digits {
		return fmt.Errorf("%w: %d digits where this sender has %d", ErrChecksum, len(digits), d.digits)
	}
	err := verify(body, digits)
	if err == nil {
		d.digits = len(digits)
	}
	return err
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
