package outbox

import (
	"encoding/binary"
	"errors"
)

var errShort = errors.New("the payload ends too early")

// payload reads what the append functions wrote; the first error stays.
type payload struct {
	data []byte
	err  error
}

func (p *payload) uvarint() uint64 { return readNumber(p, binary.Uvarint) }

func (p *payload) varint() int64 { return readNumber(p, binary.Varint) }

// readNumber reads one with a function of encoding/binary.
func readNumber[T int64 | uint64](p *payload, read func([]byte) (T, int)) T {
	value, n := read(p.data)
	if n <= 0 {
		p.err, p.data = errShort, nil
		return 0
	}
	p.data = p.data[n:]
	return value
}

func (p *payload) bytes() []byte {
	n := p.uvarint()
	if n > uint64(len(p.data)) {
		p.err, p.data = errShort, nil
		return nil
	}
	value := p.data[:n]
	p.data = p.data[n:]
	return value
}

func (p *payload) spans() []span {
	var spans []span
	for n := p.uvarint(); n > 0 && p.err == nil; n-- {
		from := p.uvarint()
		spans = append(spans, span{from, from + p.uvarint()})
	}
	return spans
}

func (p *payload) idSet() idSet {
	set := idSet{below: p.uvarint()}
	set.addSpans(p.spans())
	return set
}

func appendBytes[T string | []byte](data []byte, value T) []byte {
	return append(binary.AppendUvarint(data, uint64(len(value))), value...)
}
