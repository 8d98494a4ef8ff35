package kafka_sites

import "sync"

// progress knows which of a partition's records are delivered. A committed offset speaks for all records before it, so it is
// that of the first record that is not: the outputs may be done with a later one earlier.
type progress struct {
	commit func(next int64)   // the offset of the first record that is not delivered
	reject func(offset int64) // ends the session; nothing is committed after it

	mu       sync.Mutex
	pending  []*pendingRecord // in the order of their offsets
	rejected bool
}

// pendingRecord is one that the outputs do not have yet.
type pendingRecord struct {
	progress *progress
	offset   int64
	done     bool
}

func (p *progress) begin(offset int64) *pendingRecord {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := &pendingRecord{progress: p, offset: offset}
	p.pending = append(p.pending, r)
	return r
}

// end says what became of the record.
func (r *pendingRecord) end(delivered bool) {
	p := r.progress
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.rejected:
	case delivered:
		r.done = true
		p.advance()
	default:
		p.rejected = true
		p.pending = nil
		p.reject(r.offset)
	}
}

func (p *progress) advance() {
	var next int64
	for len(p.pending) > 0 && p.pending[0].done {
		next = p.pending[0].offset + 1
		p.pending = p.pending[1:]
	}
	if next > 0 {
		p.commit(next)
	}
}
