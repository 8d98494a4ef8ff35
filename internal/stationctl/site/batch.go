package site

import "sync"

// batch combines the items that arrive while a request is in flight into the next request: few requests create thousands of sites, each
// in the order of its own steps. A single item is sent immediately.
type batch[T any] struct {
	// send returns one result per item.
	send func([]T) []error
	// most limits the items of a call, senders the concurrent calls.
	most, senders int

	lock    sync.Mutex
	waiting []entry[T]
	sending int
}

type entry[T any] struct {
	item   T
	result chan error
}

// do sends the item and returns its result.
func (b *batch[T]) do(item T) error {
	e := entry[T]{item, make(chan error, 1)}
	b.lock.Lock()
	b.waiting = append(b.waiting, e)
	if b.sending < b.senders {
		b.sending++
		go b.sendAll()
	}
	b.lock.Unlock()
	return <-e.result
}

func (b *batch[T]) sendAll() {
	for some := b.next(); len(some) > 0; some = b.next() {
		items := make([]T, len(some))
		for i, e := range some {
			items[i] = e.item
		}
		for i, err := range b.send(items) {
			some[i].result <- err
		}
	}
}

// next returns the items to send, or none if the sender must stop.
func (b *batch[T]) next() []entry[T] {
	b.lock.Lock()
	defer b.lock.Unlock()
	count := min(len(b.waiting), b.most)
	some := b.waiting[:count:count]
	b.waiting = b.waiting[count:]
	if count == 0 {
		b.sending--
	}
	return some
}

// all returns the same result for each of count items.
func all(count int, err error) []error {
	errs := make([]error, count)
	for i := range errs {
		errs[i] = err
	}
	return errs
}
