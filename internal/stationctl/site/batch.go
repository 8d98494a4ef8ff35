package site

import "sync"

// batch has what is asked for while a request is under way sent together, in the next one: thousands of sites are made by few requests,
// each of them in the order of its own steps. One site alone is sent at once.
type batch[T any] struct {
	// send gives one result for each.
	send func([]T) []error
	// most is how many it gets, and senders is how many times it may run at once.
	most, senders int

	lock    sync.Mutex
	waiting []entry[T]
	sending int
}

type entry[T any] struct {
	item   T
	result chan error
}

// do returns when the item was sent, with its own result.
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
	for some := b.take(); len(some) > 0; some = b.take() {
		items := make([]T, len(some))
		for i, e := range some {
			items[i] = e.item
		}
		for i, err := range b.send(items) {
			some[i].result <- err
		}
	}
}

// take gives nothing to a sender that has to end.
func (b *batch[T]) take() []entry[T] {
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

// all is one result for many.
func all(count int, err error) []error {
	errs := make([]error, count)
	for i := range errs {
		errs[i] = err
	}
	return errs
}
