package outbox

import (
	"encoding/binary"
	"errors"

	"github.com/telegraf-station/telegraf-station/internal/record"
)

var errShort = errors.New("the payload is too short")

// decoder reads what the append functions wrote. It keeps the first error.
type decoder struct {
	data []byte
	err  error
}

func (d *decoder) uvarint() uint64 { return readNumber(d, binary.Uvarint) }

func (d *decoder) varint() int64 { return readNumber(d, binary.Varint) }

// readNumber reads a number with a function of encoding/binary.
func readNumber[T int64 | uint64](d *decoder, read func([]byte) (T, int)) T {
	value, n := read(d.data)
	if n <= 0 {
		d.err, d.data = errShort, nil
		return 0
	}
	d.data = d.data[n:]
	return value
}

func (d *decoder) bytes() []byte {
	n := d.uvarint()
	if n > uint64(len(d.data)) {
		d.err, d.data = errShort, nil
		return nil
	}
	value := d.data[:n]
	d.data = d.data[n:]
	return value
}

// ranges and appendRanges store each range as its first number and a difference.
func (d *decoder) ranges() (ranges record.RangeSet) {
	for n := d.uvarint(); n > 0 && d.err == nil; n-- {
		r := record.Range{From: d.uvarint()}
		if r.To = r.From + d.uvarint(); d.err == nil && r.To >= r.From {
			ranges.Add(r)
		}
	}
	return ranges
}

func appendRanges(data []byte, ranges []record.Range) []byte {
	data = binary.AppendUvarint(data, uint64(len(ranges)))
	for _, r := range ranges {
		data = binary.AppendUvarint(data, r.From)
		data = binary.AppendUvarint(data, r.To-r.From)
	}
	return data
}

// done and appendDone store the range that begins at 1, which most ids are in, as its last number, and then the other ranges.
func (d *decoder) done() record.RangeSet {
	below := d.uvarint()
	done := d.ranges()
	if below > 0 {
		done.Add(record.Range{From: 1, To: below})
	}
	return done
}

func appendDone(data []byte, done record.RangeSet) []byte {
	below := doneBelow(done)
	data = binary.AppendUvarint(data, below)
	if below > 0 {
		done = done[1:]
	}
	return appendRanges(data, done)
}

// doneBelow returns the last id of the range that begins at 1, or 0.
func doneBelow(done record.RangeSet) uint64 {
	if len(done) == 0 || done[0].From > 1 {
		return 0
	}
	return done[0].To
}

func appendBytes[T string | []byte](data []byte, value T) []byte {
	return append(binary.AppendUvarint(data, uint64(len(value))), value...)
}
