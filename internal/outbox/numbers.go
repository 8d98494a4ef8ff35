package outbox

import (
	"encoding/binary"
	"math/rand/v2"
)

// series is whose records are numbered together.
type series struct{ queue, key string }

// numbers gives the records of each queue and key their numbers.
type numbers struct {
	epoch  uint64
	newest map[series]uint64
	// skips are told with the next record of their series.
	skips map[series][]Skip
	// unstored says that numbers of this epoch were given to records which are only held in memory.
	unstored bool
}

// renew begins another epoch: the numbers that were given in this one are not all known any more.
// Epochs sort by time as long as the clock does, and never go back.
func (n *numbers) renew(now uint64) {
	n.epoch = max(now, n.epoch+1) + rand.Uint64N(1<<20) //nolint:gosec // no secret: a clock that always starts at 1970 shall not give the same epoch twice
	n.newest = make(map[series]uint64)
	n.unstored = false
}

func (n *numbers) number(records []*Record) {
	for _, r := range records {
		s := series{r.Topic, r.Device}
		n.newest[s]++
		r.Epoch, r.Seq, r.Skipped = n.epoch, n.newest[s], n.skips[s]
		delete(n.skips, s)
	}
}

// takeBack undoes number for records that were not accepted.
func (n *numbers) takeBack(records []*Record) {
	for _, r := range records {
		s := series{r.Topic, r.Device}
		n.newest[s]--
		if len(r.Skipped) > 0 {
			n.skips[s] = append(r.Skipped, n.skips[s]...)
		}
		r.Epoch, r.Seq, r.Skipped = 0, 0, nil
	}
}

// maxSkips bounds what one record tells; more than that is told as lost by who compares the numbers.
const maxSkips = 10_000

func (n *numbers) skip(r *Record, parked bool) {
	s := series{r.Topic, r.Device}
	all := append(append(n.skips[s], r.Skipped...), Skip{r.Epoch, r.Seq, parked})
	n.skips[s] = all[max(0, len(all)-maxSkips):]
}

// seen takes the numbers of a record that is found on disk.
func (n *numbers) seen(r *Record) {
	if r.Epoch > n.epoch {
		n.epoch, n.newest, n.unstored = r.Epoch, make(map[series]uint64), false
	}
	if s := (series{r.Topic, r.Device}); r.Epoch == n.epoch {
		n.newest[s] = max(n.newest[s], r.Seq)
		n.unstored = n.unstored || r.wasHeld
	}
}

func (n *numbers) memo() []byte {
	data := binary.AppendUvarint(nil, n.epoch)
	data = binary.AppendUvarint(data, boolBit(n.unstored))
	data = binary.AppendUvarint(data, uint64(len(n.newest)))
	for s, newest := range n.newest {
		data = appendBytes(appendBytes(data, s.queue), s.key)
		data = binary.AppendUvarint(data, newest)
	}
	return data
}

// merge goes on with what a memo knows; it returns false if that is nothing.
func (n *numbers) merge(memo []byte) bool {
	p := payload{data: memo}
	known := numbers{epoch: p.uvarint(), unstored: p.uvarint() == 1, newest: make(map[series]uint64)}
	for left := p.uvarint(); left > 0 && p.err == nil; left-- {
		s := series{string(p.bytes()), string(p.bytes())}
		known.newest[s] = p.uvarint()
	}
	if p.err != nil || known.epoch == 0 {
		return false
	}
	if known.epoch > n.epoch {
		n.epoch, n.newest, n.unstored = known.epoch, known.newest, known.unstored
	}
	if known.epoch < n.epoch {
		return true
	}
	n.unstored = n.unstored || known.unstored
	for s, newest := range known.newest {
		n.newest[s] = max(n.newest[s], newest)
	}
	return true
}
