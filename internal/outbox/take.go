package outbox

import "slices"

// lane returns a queue's lane.
func (o *Outbox) lane(queue string) *lane {
	l := o.lanes[queue]
	if l == nil {
		l = &lane{queue: queue}
		o.lanes[queue] = l
	}
	return l
}

// push makes a record ready.
func (o *Outbox) push(r *Record) {
	l := o.lane(r.Topic)
	l.ready = append(l.ready, r)
	o.count(r, 1)
	o.tell(r.Topic)
}

func (o *Outbox) count(r *Record, sign int) {
	o.window += sign
	o.windowBytes += sign * r.size()
}

// tell notes that a queue has something to take.
func (o *Outbox) tell(queue string) {
	o.available[queue] = struct{}{}
	select {
	case o.changed <- struct{}{}:
	default:
	}
}

// Changed has a token when Available may have something.
func (o *Outbox) Changed() <-chan struct{} { return o.changed }

// Available returns the queues that got records since the last call.
func (o *Outbox) DrainChanged() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	queues := make([]string, 0, len(o.available))
	for queue := range o.available {
		queues = append(queues, queue)
	}
	clear(o.available)
	return queues
}

// Take hands out the next records of a queue: at most so many, and so large together unless it is one. They are to be settled,
// parked, or given back by Stall; what is taken next comes after them.
func (o *Outbox) Next(queue string, most, maxBytes int) []*Record {
	o.mu.Lock()
	defer o.mu.Unlock()
	l := o.lane(queue)
	for _, r := range l.refill(most, maxBytes) {
		o.count(r, 1)
	}
	return l.take(most, maxBytes)
}

// Settle ends the way of records that were taken: they are delivered.
func (o *Outbox) Acknowledge(records []*Record) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.settle(records)
}

func (o *Outbox) settle(records []*Record) {
	var logs []*segmentLog
	var lanes []*lane
	ids := make(map[*segmentLog][]uint64, 1)
	finish := func(log *segmentLog, id uint64) {
		if ids[log] == nil {
			logs = append(logs, log)
		}
		ids[log] = append(ids[log], id)
	}
	for _, r := range records {
		if r.settled {
			continue
		}
		r.settled = true
		o.count(r, -1)
		if r.log != nil {
			finish(r.log, r.id)
		}
		if r.origin > 0 && !o.main.done.has(r.origin) { // a crash left it in both
			finish(o.main, r.origin)
		}
		if r.hold != nil {
			r.hold.settled()
		}
		if l := o.lane(r.Topic); len(lanes) == 0 || lanes[len(lanes)-1] != l {
			lanes = append(lanes, l)
		}
	}
	for _, log := range logs {
		log.finish(ids[log])
	}
	for _, l := range lanes {
		l.settle()
		o.resume(l)
		if len(l.later) > 0 {
			o.writeAside(l)
		}
		o.removeEmptyAside(l)
	}
	o.fill()
}

// Stall gives back what was taken of a queue that cannot be delivered for now, for a reason of its own: when the others need
// the room, it is set aside. Take goes on with the same records.
func (o *Outbox) Stall(queue string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	l := o.lane(queue)
	l.giveBack()
	for _, r := range l.ready {
		if r.hold != nil {
			r.hold.troubled()
		}
	}
	if !l.stalled {
		l.stalled = true
		o.stalled = append(o.stalled, l)
	}
	o.fill()
}

func (o *Outbox) resume(l *lane) {
	if l.stalled {
		l.stalled = false
		o.stalled = slices.DeleteFunc(o.stalled, func(other *lane) bool { return other == l })
	}
}

// fill reads what waits on disk into the lanes, as far as memory is meant for it.
func (o *Outbox) fill() {
	if o.main == nil {
		return
	}
	for {
		for o.main.unread() && o.window < o.maxWindow && o.windowBytes < maxWindowBytes {
			o.dispatch(o.main.read(o.maxWindow-o.window, maxWindowBytes-o.windowBytes))
		}
		if !o.main.unread() || !o.setStalledAside() {
			return
		}
	}
}

func (o *Outbox) dispatch(records []*Record) {
	for _, r := range records {
		if l := o.lane(r.Topic); l.aside != nil {
			o.putAside(l, r)
			continue
		}
		o.push(r)
	}
	for _, r := range records {
		if l := o.lanes[r.Topic]; l != nil && len(l.later) > 0 {
			o.writeAside(l)
		}
	}
}
