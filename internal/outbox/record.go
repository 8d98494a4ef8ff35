package outbox

import "encoding/binary"

// Record is one record on its way. The outbox looks at Queue and Key only.
type Record struct {
	// Queue is what waits by itself: a topic.
	Topic string
	// Key is whose records are numbered and stay in order: a device.
	Device string
	// Time is the reading's own, in nanoseconds since 1970.
	Time int64
	// Value is what is delivered.
	Value []byte

	// Epoch and Seq number the records of a queue and key, from 1 without a gap; Append and Hold give them.
	Epoch, Seq uint64
	// Skipped are numbers of the same queue and key that will never be delivered, each with a reason; Append and Hold give them.
	Skipped []Skip

	// log and id are where the record lies on disk; log is nil for one that is only held in memory.
	log *segmentLog
	id  uint64
	// origin is the id that the record had before it was set aside; 0 if it was not.
	origin uint64
	// hold is the Hold that waits for this record; nil for one of Append.
	hold *Delivery
	// wasHeld says that the record had its number before it was on disk, as may others of its epoch that never were.
	wasHeld bool
	// settled says that the record needs no more delivery.
	settled bool
}

// Skip is a record that is given up after it had a number.
type Skip struct {
	Epoch, Seq uint64
	// Parked says that the record is kept with its reason; else it was dropped since the outbox was full.
	Parked bool
}

// size is about what the record takes in memory.
func (r *Record) size() int { return len(r.Value) + len(r.Topic) + len(r.Device) + 200 }

func (r *Record) appendTo(data []byte) []byte {
	data = appendBytes(data, r.Topic)
	data = appendBytes(data, r.Device)
	data = binary.AppendVarint(data, r.Time)
	data = binary.AppendUvarint(data, r.Epoch)
	data = binary.AppendUvarint(data, r.Seq<<1|boolBit(r.wasHeld))
	data = binary.AppendUvarint(data, r.origin)
	data = appendSkips(data, r.Skipped)
	return append(data, r.Value...)
}

func appendSkips(data []byte, skips []Skip) []byte {
	data = binary.AppendUvarint(data, uint64(len(skips)))
	for _, skip := range skips {
		data = binary.AppendUvarint(data, skip.Epoch)
		data = binary.AppendUvarint(data, skip.Seq<<1|boolBit(skip.Parked))
	}
	return data
}

func boolBit(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// readRecord copies what it needs of the payload.
func readRecord(data []byte) (*Record, error) {
	p := payload{data: data}
	r := &Record{Topic: string(p.bytes()), Device: string(p.bytes())}
	r.Time = p.varint()
	epoch, number := p.uvarint(), p.uvarint()
	r.Epoch, r.Seq, r.wasHeld = epoch, number>>1, number&1 == 1
	r.origin = p.uvarint()
	for n := p.uvarint(); n > 0 && p.err == nil; n-- {
		epoch, number := p.uvarint(), p.uvarint()
		r.Skipped = append(r.Skipped, Skip{epoch, number >> 1, number&1 == 1})
	}
	r.Value = append([]byte(nil), p.data...)
	return r, p.err
}
