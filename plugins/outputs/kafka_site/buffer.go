package kafka_site

import (
	"sync"
	"time"

	"github.com/influxdata/telegraf"

	"github.com/telegraf-station/telegraf-station/internal/logonce"
)

const (
	// maxBatchMetrics and maxBatchSize limit what is saved with one sync, and what can wait during that before Add waits.
	maxBatchMetrics = 2000
	maxBatchSize    = 1 << 20
	// roomTimeout is how long Add waits for a disk that hangs.
	roomTimeout = 5 * time.Second
)

// buffer holds metrics until they are saved. It replaces Telegraf's own buffer, which passes on metrics at flush_interval or in full batches
// only: here a reading on an idle line is saved immediately and alone, and those that arrive during a sync are saved together with the next.
// One goroutine (run) saves.
type buffer struct {
	save    func([]*entry) error
	log     telegraf.Logger
	dropped func(n int64)
	// limit is how many metrics can wait; batchMetrics and batchSize limit a batch.
	limit, batchMetrics, batchSize int

	arrived, removed, flush chan struct{} // see signal
	stop, done              chan struct{}

	mu      sync.Mutex
	waiting []*entry
	// lagging is true while saving fails or hangs: Add does not wait for room then.
	lagging bool
	drops   int64 // since lagging
	saving  int   // metrics in batch

	// run owns the rest. batch is being saved; after a failure it is retried unchanged.
	batch   []*entry
	failure logonce.Failure
}

// newBuffer limits a batch to a part of the outbox, because one that is larger than the outbox could never be saved.
func newBuffer(k *KafkaSite) *buffer {
	return &buffer{
		save: k.save, log: k.Log, dropped: k.counters.dropped.Incr, limit: k.MetricBufferLimit,
		batchMetrics: int(min(maxBatchMetrics, k.OutboxMaxRecords/10)), batchSize: int(min(maxBatchSize, int64(k.OutboxMaxSize)/8)),
		arrived: make(chan struct{}, 1), removed: make(chan struct{}, 1), flush: make(chan struct{}, 1),
		stop: make(chan struct{}), done: make(chan struct{}),
	}
}

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
	signal(b.arrived)
}

func (b *buffer) hasRoom() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.waiting) < b.batchMetrics || b.lagging
}

func (b *buffer) awaitRoom() {
	timer := time.NewTimer(roomTimeout)
	defer timer.Stop()
	for !b.hasRoom() {
		select {
		case <-b.removed:
		case <-timer.C:
			b.setLagging()
		}
	}
}

// dropOldest drops the oldest metric that is not being saved.
func (b *buffer) dropOldest() {
	if metric := b.waiting[0].metric; metric != nil {
		metric.Reject()
	}
	b.waiting = b.waiting[1:]
	b.dropped(1)
	if b.drops++; b.drops == 1 {
		b.log.Errorf("Memory is full (metric_buffer_limit = %d); dropping the oldest readings", b.limit)
	}
}

func (b *buffer) run() {
	defer close(b.done)
	for {
		select {
		case <-b.arrived:
			if len(b.batch) == 0 { // else it failed, and is retried at the next flush
				b.saveAll()
			}
		case <-b.flush:
			b.saveAll()
		case <-b.stop:
			b.saveAll()
			return
		}
	}
}

// saveAll saves batches until nothing is left or saving fails.
func (b *buffer) saveAll() {
	for {
		if len(b.batch) == 0 {
			b.batch = b.nextBatch()
		}
		if len(b.batch) == 0 {
			return
		}
		if err := b.save(b.batch); err != nil {
			b.setLagging()
			reportFailure(&b.failure, b.log, time.Now(), err)
			return
		}
		for _, e := range b.batch {
			if e.metric != nil {
				e.metric.Accept()
			}
		}
		b.batch = nil
		b.saved()
		b.failure.Recovered(b.log, "Readings are saved again")
	}
}

// nextBatch removes up to a batch of metrics from those that wait.
func (b *buffer) nextBatch() []*entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	n, size := 0, 0
	for n < len(b.waiting) && n < b.batchMetrics && size < b.batchSize {
		size += b.waiting[n].size()
		n++
	}
	batch := b.waiting[:n:n]
	if b.waiting = b.waiting[n:]; len(b.waiting) == 0 {
		b.waiting = nil
	}
	b.saving = n
	signal(b.removed)
	return batch
}

func (b *buffer) setLagging() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lagging = true
}

// saved resets what setLagging and dropOldest set, after a batch was saved.
func (b *buffer) saved() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.saving, b.lagging = 0, false
	if b.drops > 0 {
		b.log.Errorf("Dropped %s while memory was full (metric_buffer_limit = %d)", plural(b.drops, "reading"), b.limit)
		b.drops = 0
	}
}

// size returns how many metrics are not saved yet.
func (b *buffer) size() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.waiting) + b.saving
}

// close tries once more to save everything, and ends run, unless the disk hangs for longer than timeout.
func (b *buffer) close(timeout time.Duration) {
	close(b.stop)
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	select {
	case <-b.done:
	case <-timer.C:
	}
	if left := b.size(); left > 0 {
		b.log.Errorf("Stopped with %s in memory that could not be saved", plural(int64(left), "reading"))
	}
}

// signal wakes up the receiver of a channel with room for one; a second signal before that has no effect.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
