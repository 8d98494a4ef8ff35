package segmentlog

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
)

// A frame is a magic, a kind, the payload's length, the record's id, its place in the batch, a CRC-32C of all that, and the payload.
const (
	headerSize  = 24
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
	payload []byte
}

func appendFrame(data []byte, kind byte, id uint64, index int, payload []byte) []byte {
	begin := len(data)
	data = append(append(data, magic...), kind)
	data = binary.LittleEndian.AppendUint32(data, uint32(len(payload))) //nolint:gosec // a record is small
	data = binary.LittleEndian.AppendUint64(data, id)
	data = binary.LittleEndian.AppendUint32(data, uint32(index)) //nolint:gosec // so is a batch
	data = binary.LittleEndian.AppendUint32(data, checksum(data[begin:], payload))
	return append(data, payload...)
}

func checksum(header, payload []byte) uint32 {
	return crc32.Update(crc32.Checksum(header, castagnoli), castagnoli, payload)
}

func readFrame(data []byte) (f frame, size int) {
	if len(data) < headerSize || !bytes.HasPrefix(data, magic) {
		return frame{}, 0
	}
	length := int(binary.LittleEndian.Uint32(data[4:]))
	if length < 0 || length > len(data)-headerSize {
		return frame{}, 0
	}
	payload := data[headerSize : headerSize+length]
	if binary.LittleEndian.Uint32(data[20:]) != checksum(data[:20], payload) {
		return frame{}, 0
	}
	return frame{data[3], binary.LittleEndian.Uint64(data[8:]), payload}, headerSize + length
}

// scan finds the sound frames, and how many stretches between them are damaged: neither a frame nor zeros.
func scan(data []byte, each func(frame) error) (damaged int, err error) {
	for at := 0; at < len(data); {
		f, size := readFrame(data[at:])
		if size == 0 {
			next := nextFrame(data, at+1)
			if len(bytes.Trim(data[at:next], "\x00")) > 0 {
				damaged++
			}
			at = next
			continue
		}
		if err := each(f); err != nil {
			return damaged, err
		}
		at += size
	}
	return damaged, nil
}

func nextFrame(data []byte, at int) int {
	for ; at < len(data); at++ {
		skip := bytes.Index(data[at:], magic)
		if skip < 0 {
			break
		}
		at += skip
		if _, size := readFrame(data[at:]); size > 0 {
			return at
		}
	}
	return len(data)
}
