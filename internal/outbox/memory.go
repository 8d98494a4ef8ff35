package outbox

import "slices"

// Delivery is the delivery of records from memory.
type Delivery struct {
	records []*Record
	left    int
	done    chan struct{}
	failed  chan struct{}
}

// Done is closed when all records are acknowledged or parked.
func (d *Delivery) Done() <-chan struct{} { return d.done }

// Failed holds a token when the topic of one of the records cannot be delivered for now.
func (d *Delivery) Failed() <-chan struct{} { return d.failed }

func (d *Delivery) finishOne() {
	if d.left--; d.left == 0 {
		close(d.done)
	}
}

// AppendInMemory numbers records and makes them available without storing them. It returns nil if pending records on disk must be
// delivered first. It can be called again with the same records to wait for them again.
func (o *Outbox) AppendInMemory(records []*Record) *Delivery {
	o.disk.Lock()
	defer o.unlockDisk()
	o.storeAcknowledged()
	if _, pending := o.used(); pending > 0 || len(o.separate) > 0 {
		return nil
	}
	d := &Delivery{records: slices.Clone(records), done: make(chan struct{}), failed: make(chan struct{}, 1)}
	o.mu.Lock()
	defer o.mu.Unlock()
	unfinished := slices.DeleteFunc(slices.Clone(records), func(r *Record) bool { return r.done })
	if d.left = len(unfinished); d.left == 0 {
		close(d.done)
		return d
	}
	if !o.sequence.memoryOnly && o.main != nil && !o.options.NewEpoch {
		o.sequence.startEpoch(o.clock())
	}
	o.sequence.memoryOnly = true
	o.delivery = d
	for _, r := range unfinished {
		if r.delivery == nil {
			o.sequence.number(r)
			r.memoryOnly = true
			o.push(o.topic(r.Topic), r)
		}
		r.delivery = d
		o.notify(r.Topic)
	}
	return d
}

// ReportFailure marks the newest Delivery as failed because no topic can be delivered for now.
func (o *Outbox) ReportFailure() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.delivery != nil {
		token(o.delivery.failed)
	}
}

// Unacknowledged returns those of the records that are neither acknowledged nor parked.
func (o *Outbox) Unacknowledged(records []*Record) []*Record {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(records), func(r *Record) bool { return r.done })
}

// Unsaved returns those of the records that are neither on disk, nor acknowledged, nor parked.
func (o *Outbox) Unsaved(records []*Record) []*Record {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(records), func(r *Record) bool { return r.done || r.log != nil })
}

// Persist stores the records of a Delivery that are not finished. When it returns nil, they are synced.
func (o *Outbox) Persist(d *Delivery) error {
	o.disk.Lock()
	defer o.unlockDisk()
	unstored := o.Unsaved(d.records)
	if len(unstored) == 0 {
		return nil
	}
	if o.main == nil {
		return ErrNoDir
	}
	accepted, err := o.makeRoom(unstored)
	if err != nil || len(accepted) == 0 {
		return err
	}
	p := &part{o.main, accepted}
	if err := writeSynced([]*part{p}); err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	p.locate()
	o.main.reader.moveTo(o.main.synced) // they are in memory
	return nil
}
