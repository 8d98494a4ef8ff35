package outbox

import "slices"

// lane is what is in memory of a queue.
type lane struct {
	queue string
	// ready are the next records, in order; taken those which Take gave out and which are not settled.
	ready, taken []*Record
	// stalled says that the queue cannot be delivered for now while others may.
	stalled bool
	// aside is the queue's own log, once it had to be set aside; its records come after ready, and later after them.
	aside *asideLog
	later []*Record
}

// refill makes the next records ready; those that come from disk are returned.
func (l *lane) refill(most, maxBytes int) (fresh []*Record) {
	if len(l.ready) > 0 || l.aside == nil {
		return nil
	}
	if l.aside.unread() {
		l.ready = l.aside.read(most, maxBytes)
		return l.ready
	}
	l.ready, l.later = l.later, nil
	return nil
}

// take gives out the next records, at most so many and so large together, at least one.
func (l *lane) take(most, maxBytes int) []*Record {
	n, size := 0, 0
	for n < len(l.ready) && n < most && (n == 0 || size+l.ready[n].size() <= maxBytes) {
		size += l.ready[n].size()
		n++
	}
	given := slices.Clone(l.ready[:n])
	l.ready = l.ready[n:]
	if len(l.ready) == 0 {
		l.ready = nil
	}
	l.taken = append(l.taken, given...)
	return given
}

// settle forgets the taken records that are settled.
func (l *lane) settle() {
	l.taken = slices.DeleteFunc(l.taken, func(r *Record) bool { return r.settled })
}

// giveBack makes what was taken and is not settled ready again.
func (l *lane) giveBack() {
	l.settle()
	l.ready = append(slices.Clone(l.taken), l.ready...)
	l.taken = nil
}
