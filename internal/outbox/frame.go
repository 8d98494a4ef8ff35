package outbox

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
)

// A segment is a file that begins with formatName, followed by frames and then zeros. Integers are little-endian.
//
//	magic   3 bytes   0xF7 'T' 'S'
//	kind    1 byte    's' state, 'r' record, 'd' done
//	length  4 bytes   of the payload
//	id      8 bytes   of the record; for a state, of the segment's first record; for done, 0
//	index   4 bytes   of the record in the append that one sync covered
//	crc     4 bytes   CRC-32C of the fields above and of the payload
//	payload
const (
	formatName  = "telegraf-station outbox 1\n"
	frameHeader = 24
	// maxPayload keeps a damaged length from allocating more memory than any record can have.
	maxPayload = 128 << 20

	stateFrame  = 's'
	recordFrame = 'r'
	doneFrame   = 'd'
)

var (
	magic      = []byte{0xF7, 'T', 'S'}
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
)

type frame struct {
	kind    byte
	id      uint64
	index   uint32
	payload []byte
	// offset is the position of the frame in its segment.
	offset int64
}

func (f *frame) end() int64 { return f.offset + frameHeader + int64(len(f.payload)) }

// appendTo appends the frame's bytes.
func (f *frame) appendTo(data []byte) []byte {
	begin := len(data)
	data = append(append(data, make([]byte, frameHeader)...), f.payload...)
	f.putHeader(data[begin:])
	return data
}

// putHeader writes the fields before the payload.
func (f *frame) putHeader(data []byte) {
	copy(data, magic)
	data[3] = f.kind
	binary.LittleEndian.PutUint32(data[4:], uint32(len(f.payload))) //nolint:gosec // below maxPayload
	binary.LittleEndian.PutUint64(data[8:], f.id)
	binary.LittleEndian.PutUint32(data[16:], f.index)
	binary.LittleEndian.PutUint32(data[20:], checksum(data[:20], f.payload))
}

func checksum(header, payload []byte) uint32 {
	return crc32.Update(crc32.Checksum(header, castagnoli), castagnoli, payload)
}

// readFrame returns the frame at the beginning of data, if it is complete and intact.
func readFrame(data []byte) (frame, bool) {
	if len(data) < frameHeader || !bytes.HasPrefix(data, magic) {
		return frame{}, false
	}
	length := binary.LittleEndian.Uint32(data[4:])
	if length > maxPayload || int64(length) > int64(len(data)-frameHeader) {
		return frame{}, false
	}
	payload := data[frameHeader : frameHeader+int(length)]
	if binary.LittleEndian.Uint32(data[20:]) != checksum(data[:20], payload) {
		return frame{}, false
	}
	return frame{
		kind: data[3], id: binary.LittleEndian.Uint64(data[8:]), index: binary.LittleEndian.Uint32(data[16:]), payload: payload,
	}, true
}

// damage is a part of a segment without an intact frame.
type damage struct {
	offset int64
	bytes  []byte
}

// scan returns the frames in data, which begins at an offset of its segment, and what is damaged.
// After damage it continues at the next intact frame, wherever that begins.
func scan(data []byte, offset int64) (frames []frame, damaged []damage) {
	for at := 0; at < len(data); {
		if f, intact := readFrame(data[at:]); intact {
			f.offset = offset + int64(at)
			frames = append(frames, f)
			at += frameHeader + len(f.payload)
			continue
		}
		next := nextFrame(data, at)
		if text := bytes.TrimRight(data[at:next], "\x00"); len(text) > 0 {
			damaged = append(damaged, damage{offset + int64(at), text})
		}
		at = next
	}
	return frames, damaged
}

// nextFrame returns the position of the first intact frame after at, or the end of data.
func nextFrame(data []byte, at int) int {
	for at++; at < len(data); at++ {
		skip := bytes.Index(data[at:], magic)
		if skip < 0 {
			return len(data)
		}
		at += skip
		if _, intact := readFrame(data[at:]); intact {
			return at
		}
	}
	return len(data)
}
