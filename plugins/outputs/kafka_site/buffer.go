package kafka_site

import (
	"sync"
	"time"

	"github.com/influxdata/telegraf"
)

const (
	// maxGathered and maxGatheredBytes bound what is written with one sync, and what gathers meanwhile before Add waits.
	maxGathered      = 2000
	maxGatheredBytes = 1 << 20
	// longestRoomWait is how long Add waits for a disk that hangs.
	longestRoomWait = 5 * time.Second
)

// buffer holds metrics until they are written. It takes the place of Telegraf's own, which hands over at flush_interval, or so many
// together that a reading waits for others: here a reading on an idle line is written at once and alone, and those that come while
// one is being synced are written together. One goroutine (run) writes.
type buffer struct {
	write func([]*entry) error
	log   telegraf.Logger
	drops func(n int64)
	// limit is how many may wait; most and mostBytes are how many are written together.
	limit, most, mostBytes int

	arrived, taken, flush chan struct{} // with a token when it happened
	stop, ended           chan struct{}

	mu      sync.Mutex
	waiting []*entry
	// stuck says that writing fails or hangs: what comes does not wait for room.
	stuck   bool
	dropped int64 // since it is stuck
	writing int   // metrics of batch

	// What follows belongs to run. batch is what is being written, and again after a failure, as it was.
	batch   []*entry
	trouble trouble
}

// newBuffer gives a batch no more than a part of the outbox's bounds: one that is larger than the outbox would never be written.
func newBuffer(k *KafkaSite) *buffer {
	return &buffer{
		write: k.writeEntries, log: k.Log, drops: k.counters.dropped.Incr, limit: k.MetricBufferLimit,
		most: int(min(maxGathered, k.OutboxMaxRecords/10)), mostBytes: int(min(maxGatheredBytes, int64(k.OutboxMaxSize)/8)),
		arrived: make(chan struct{}, 1), taken: make(chan struct{}, 1), flush: make(chan struct{}, 1),
		stop: make(chan struct{}), ended: make(chan struct{}),
	}
}

// Add takes a metric over. While the disk is behind it waits for it, so that a fast sender is slowed down and nothing is lost.
// Its record is made here, beside the goroutine that writes.
func (k *KafkaSite) Add(metric telegraf.Metric) {
	e := k.records.entry(metric)
	if _, tracked := metric.(telegraf.TrackingMetric); !tracked && e.unfit == nil {
		e.metric = nil // a quarter of it is the record, and that is enough
	}
	k.buffer.add(e)
}

// Push is called at flush_interval: what could not be written is tried again. Telegraf gets nothing to keep.
func (k *KafkaSite) Push() []telegraf.Metric {
	token(k.buffer.flush)
	return nil
}

// Reset has nothing to do.
func (*KafkaSite) Reset() {}

func (b *buffer) add(e *entry) {
	if !b.hasRoom() {
		b.awaitRoom()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.waiting) >= b.limit {
		b.dropOldest()
	}
	b.waiting = append(b.waiting, e)
	token(b.arrived)
}

func (b *buffer) hasRoom() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.waiting) < b.most || b.stuck
}

func (b *buffer) awaitRoom() {
	timer := time.NewTimer(longestRoomWait)
	defer timer.Stop()
	for !b.hasRoom() {
		select {
		case <-b.taken:
		case <-timer.C:
			b.getStuck()
		}
	}
}

// dropOldest gives up the oldest metric whose writing has not begun.
func (b *buffer) dropOldest() {
	if metric := b.waiting[0].metric; metric != nil {
		metric.Reject()
	}
	b.waiting = b.waiting[1:]
	b.drops(1)
	if b.dropped++; b.dropped == 1 {
		b.log.Errorf("%d readings wait in memory, as many as metric_buffer_limit allows: from now on the oldest are dropped", b.limit)
	}
}

func (b *buffer) run() {
	defer close(b.ended)
	for {
		select {
		case <-b.arrived:
			if len(b.batch) == 0 { // else it failed, and waits for the flush
				b.writeAll()
			}
		case <-b.flush:
			b.writeAll()
		case <-b.stop:
			b.writeAll()
			return
		}
	}
}

// writeAll goes on until nothing waits, or it fails.
func (b *buffer) writeAll() {
	for {
		if len(b.batch) == 0 {
			b.batch = b.take()
		}
		if len(b.batch) == 0 {
			return
		}
		if err := b.write(b.batch); err != nil {
			b.getStuck()
			b.trouble.begin(b.log, time.Now(), err)
			return
		}
		for _, e := range b.batch {
			if e.metric != nil {
				e.metric.Accept()
			}
		}
		b.batch = nil
		b.goOn()
		b.trouble.end(b.log, "Readings are written again")
	}
}

func (b *buffer) take() []*entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	n, size := 0, 0
	for n < len(b.waiting) && n < b.most && size < b.mostBytes {
		size += b.waiting[n].size()
		n++
	}
	batch := b.waiting[:n:n]
	if b.waiting = b.waiting[n:]; len(b.waiting) == 0 {
		b.waiting = nil
	}
	b.writing = n
	token(b.taken)
	return batch
}

func (b *buffer) getStuck() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stuck = true
}

// goOn notes that a batch was written.
func (b *buffer) goOn() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.writing, b.stuck = 0, false
	if b.dropped > 0 {
		b.log.Errorf("%d readings were dropped, since %d were in memory already (metric_buffer_limit)", b.dropped, b.limit)
		b.dropped = 0
	}
}

// size is how many metrics are not written yet.
func (b *buffer) size() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.waiting) + b.writing
}

// close has what waits written once more, and ends.
func (b *buffer) close() {
	close(b.stop)
	<-b.ended
}

// token notes that something happened, for whoever waits for it.
func token(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
