package outbox

import (
	"fmt"
	"slices"
)

// Delivery waits for records that are only held in memory.
type Delivery struct {
	records []*Record
	left    int
	// done is closed when all are settled; trouble has a token when the queue of one cannot be delivered for now.
	done    chan struct{}
	trouble chan struct{}
}

// Done is closed when all records are settled.
func (h *Delivery) Done() <-chan struct{} { return h.done }

// Failed has a token when the queue of one of the records cannot be delivered for now.
func (h *Delivery) Failed() <-chan struct{} { return h.trouble }

func (h *Delivery) settled() {
	if h.left--; h.left == 0 {
		close(h.done)
	}
}

func (h *Delivery) troubled() {
	select {
	case h.trouble <- struct{}{}:
	default:
	}
}

// Hold numbers records and brings them to delivery without the disk. It returns nil if records wait on disk, which must come before them.
// Records that were held before are not taken up twice: only the waiting begins anew.
func (o *Outbox) AppendInMemory(records []*Record) *Delivery {
	o.appending.Lock()
	defer o.appending.Unlock()
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, waiting := o.used(); waiting > 0 || len(o.asides) > 0 {
		return nil
	}
	h := &Delivery{records: slices.Clone(records), done: make(chan struct{}), trouble: make(chan struct{}, 1)}
	for _, r := range records {
		if !r.settled {
			h.left++
		}
	}
	if h.left == 0 {
		close(h.done)
		return h
	}
	o.held = h
	o.enter(h)
	return h
}

// ReportFailure tells whoever waits for held records that nothing can be delivered for now.
func (o *Outbox) ReportFailure() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.held != nil {
		o.held.troubled()
	}
}

// Unacknowledged are those of the records that are not settled.
func (o *Outbox) Unacknowledged(records []*Record) []*Record {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(records), func(r *Record) bool { return r.settled })
}

func (o *Outbox) enter(h *Delivery) {
	if !o.numbers.unstored && o.main != nil && !o.options.NewEpoch {
		o.numbers.renew(o.clock())
	}
	o.numbers.unstored = true
	for _, r := range h.records {
		if r.settled {
			continue
		}
		known := r.hold != nil
		r.hold = h
		if !known {
			o.numbers.number([]*Record{r})
			r.wasHeld = true
			o.push(r)
		}
		o.tell(r.Topic)
	}
}

// Persist puts those held records on disk that are not settled; when it returns nil, they are synced.
func (o *Outbox) Persist(h *Delivery) error {
	o.appending.Lock()
	defer o.appending.Unlock()
	o.mu.Lock()
	defer o.mu.Unlock()
	waiting := slices.DeleteFunc(slices.Clone(h.records), func(r *Record) bool { return r.settled || r.log != nil })
	if len(waiting) == 0 {
		return nil
	}
	if o.main == nil {
		return ErrNoDir
	}
	waiting, err := o.makeRoom(waiting)
	if err != nil || len(waiting) == 0 {
		return err
	}
	s, err := o.main.write(waiting)
	if err == nil {
		err = s.file.Sync()
		o.main.commit(waiting, err)
	}
	if err != nil {
		return fmt.Errorf("the outbox cannot be written: %w", err)
	}
	o.main.reader.skipTo(o.main.synced) // they are in their lanes
	return nil
}

// Forget takes records back that were held and are not taken: nobody waits for them any more.
func (o *Outbox) Forget(records []*Record) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, r := range records {
		l := o.lane(r.Topic)
		if i := slices.Index(l.ready, r); i >= 0 {
			l.ready = slices.Delete(l.ready, i, i+1)
			r.settled = true
			o.count(r, -1)
			o.numbers.skip(r, false)
		}
		r.hold = nil
	}
}
