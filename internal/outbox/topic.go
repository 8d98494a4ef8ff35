package outbox

import "slices"

// topic holds the records of a topic that are in memory.
type topic struct {
	name string
	// ready are the next records, in order; inFlight those that Next returned and that are not acknowledged.
	ready, inFlight []*Record
	// stalled is true while the topic cannot be delivered, though others may.
	stalled bool
	// log is the topic's own log if it has one; it changes only with disk and mu locked. Its records come after ready. After them come
	// unmoved, which are still in the main log.
	log     *topicLog
	unmoved []*Record
	// wanted and wantedBytes are what Next asked for when ready was empty and records may be in log.
	wanted, wantedBytes int
}

// topic returns the topic of a name; it is created if necessary.
func (o *Outbox) topic(name string) *topic {
	t := o.topics[name]
	if t == nil {
		t = &topic{name: name}
		o.topics[name] = t
	}
	return t
}

// inMemory returns the records in memory, in order.
func (t *topic) inMemory() []*Record { return slices.Concat(t.inFlight, t.ready, t.unmoved) }

// push makes a record ready.
func (o *Outbox) push(t *topic, r *Record) {
	t.ready = append(t.ready, r)
	o.count(r, 1)
	o.notify(t.name)
}

func (o *Outbox) count(r *Record, sign int) {
	o.buffered += sign
	o.bufferedBytes += sign * r.size()
}

// notify adds a topic to those that DrainChanged returns.
func (o *Outbox) notify(topic string) {
	o.updated[topic] = struct{}{}
	token(o.changed)
}

// Changed returns a channel that holds a token when DrainChanged has topics to return.
func (o *Outbox) Changed() <-chan struct{} { return o.changed }

// DrainChanged returns the topics that have got records since the last call.
func (o *Outbox) DrainChanged() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	topics := make([]string, 0, len(o.updated))
	for topic := range o.updated {
		topics = append(topics, topic)
	}
	clear(o.updated)
	return topics
}

// Next returns the next records of a topic, which are then in flight: up to limit records of up to maxBytes in total, but at least one if
// any is in memory. More are read from disk in the background; DrainChanged then returns the topic. Each record ends with Acknowledge or
// Park, or is returned by Stall; until then, Next continues after it.
func (o *Outbox) Next(topic string, limit, maxBytes int) []*Record {
	o.mu.Lock()
	defer o.mu.Unlock()
	t := o.topic(topic)
	if len(t.ready) == 0 && t.log != nil {
		t.wanted, t.wantedBytes = limit, maxBytes
		o.wakeDisk()
	}
	n, size := 0, 0
	for n < len(t.ready) && n < limit && (n == 0 || size+t.ready[n].size() <= maxBytes) {
		size += t.ready[n].size()
		n++
	}
	next := slices.Clone(t.ready[:n])
	if t.ready = t.ready[n:]; len(t.ready) == 0 {
		t.ready = nil
	}
	t.inFlight = append(t.inFlight, next...)
	return next
}

// Acknowledge ends the delivery of records in flight. It does not wait for the disk.
func (o *Outbox) Acknowledge(records []*Record) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.finish(records)
	o.wakeDisk()
}

// finish removes acknowledged or parked records from memory.
func (o *Outbox) finish(records []*Record) {
	for _, r := range records {
		if r.done {
			continue
		}
		r.done = true
		o.count(r, -1)
		if o.open {
			o.acknowledged = append(o.acknowledged, r)
		}
		if r.delivery != nil {
			r.delivery.finishOne()
		}
	}
	for i, r := range records {
		if i > 0 && records[i-1].Topic == r.Topic { //nolint:gosec // i is above 0
			continue
		}
		t := o.topic(r.Topic)
		t.inFlight = slices.DeleteFunc(t.inFlight, func(r *Record) bool { return r.done })
		if t.stalled {
			t.stalled = false
			o.stalled = slices.DeleteFunc(o.stalled, func(other *topic) bool { return other == t })
		}
	}
}

// DeferSkips has later records of its device list what r has in Skipped, fewer at a time, because the topic does not allow a record of that
// size. It returns false if r has a single range: its numbers are then listed nowhere. It changes nothing in r.
func (o *Outbox) DeferSkips(r *Record) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.sequence.deferSkips(r)
}

// Stall returns the records in flight of a topic that cannot be delivered for now, for a reason that does not affect other topics. Next
// continues with the same records. If memory gets scarce, they move to a log of their own.
func (o *Outbox) Stall(topic string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	t := o.topic(topic)
	t.ready, t.inFlight = append(t.inFlight, t.ready...), nil
	for _, r := range t.ready {
		if r.delivery != nil {
			token(r.delivery.failed)
		}
	}
	if !t.stalled {
		t.stalled = true
		o.stalled = append(o.stalled, t)
	}
	o.wakeDisk()
}
