package outbox

import "encoding/binary"

// Record is one record. The outbox reads only its topic and device, and its time to decide which one is the oldest.
type Record struct {
	// Topic is the topic that the record is delivered to.
	Topic string
	// Device has its records numbered and delivered in order.
	Device string
	// Time is the time of the reading in nanoseconds since 1970.
	Time  int64
	Value []byte

	// Epoch and Seq number the records of a topic and device, from 1 and without gaps. Append and AppendInMemory set them, unless they
	// are set: a parked record keeps its number when it is replayed.
	Epoch, Seq uint64
	// Skipped are numbers of the same topic and device that will not be delivered, the earliest epoch first. Append and AppendInMemory
	// set them.
	Skipped []Skips

	// log and id locate the record on disk; log is nil for one that is only in memory.
	log *segmentLog
	id  uint64
	// origin is the id that the record had in the main log before it moved to the log of its topic, or 0.
	origin uint64
	// delivery waits for this record; nil for one of Append.
	delivery *Delivery
	// memoryOnly is true if the record was numbered before it was on disk, like others of its epoch that may never have been.
	memoryOnly bool
	// replayed is true for a record that kept the number it was parked with.
	replayed bool
	// done is true once the record needs no more delivery.
	done bool
}

// size estimates the memory of the record.
func (r *Record) size() int {
	return len(r.Value) + len(r.Topic) + len(r.Device) + maxRangeText*skipList(r.Skipped).ranges() + 200
}

func (r *Record) appendTo(data []byte) []byte {
	data = appendBytes(data, r.Topic)
	data = appendBytes(data, r.Device)
	data = binary.AppendVarint(data, r.Time)
	data = appendNumber(data, r.Epoch, r.Seq, r.memoryOnly)
	data = binary.AppendUvarint(data, r.origin)
	return append(appendSkips(data, r.Skipped), r.Value...)
}

// appendNumber appends a sequence number with a flag.
func appendNumber(data []byte, epoch, seq uint64, flag bool) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(data, epoch), seq<<1|boolBit(flag))
}

func (d *decoder) number() (epoch, seq uint64, flag bool) {
	epoch, seq = d.uvarint(), d.uvarint()
	return epoch, seq >> 1, seq&1 == 1
}

func boolBit(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// readRecord copies what it needs of the payload.
func readRecord(payload []byte) (*Record, error) {
	d := decoder{data: payload}
	r := &Record{Topic: string(d.bytes()), Device: string(d.bytes())}
	r.Time = d.varint()
	r.Epoch, r.Seq, r.memoryOnly = d.number()
	r.origin = d.uvarint()
	r.Skipped = d.skips()
	r.Value = append([]byte(nil), d.data...)
	return r, d.err
}
