package kafka_sites

import (
	"fmt"
	"sync"
	"time"

	"github.com/influxdata/telegraf"

	"github.com/telegraf-station/telegraf-station/internal/logonce"
)

// rejectionError ends a session: an output dropped a metric of a record, or its buffer was full.
type rejectionError struct {
	partition partitionID
	offset    int64
	limit     int // of records in flight from now on
}

func (e *rejectionError) Error() string {
	return fmt.Sprintf("the outputs dropped the record of %s, offset %d", e.partition, e.offset)
}

// backoff is the pause after a rejection, before its record is read again. It doubles with each rejection until there is none for longer
// than the longest pause.
type backoff struct {
	shortest, longest time.Duration

	mu      sync.Mutex
	pause   time.Duration // zero before the first rejection
	last    time.Time
	failure logonce.Failure
}

func (b *backoff) next(now time.Time, log telegraf.Logger, rejection *rejectionError) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.isQuiet(now) {
		b.pause, b.failure = 0, logonce.Failure{}
	}
	b.pause, b.last = min(max(2*b.pause, b.shortest), b.longest), now
	b.failure.Report(log, now, "", fmt.Sprintf("%v; rereading from the committed offsets in %s, at most %d in flight; "+
		"no record is lost, but all topics wait; see the message of the output, use outputs.influxdb_sites, and set "+
		"metric_buffer_limit higher than max_undelivered_messages", rejection, b.pause, rejection.limit))
	return b.pause
}

// expire returns true each time that no record was rejected for a while: more records may then be in flight.
func (b *backoff) expire(now time.Time, log telegraf.Logger) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.pause == 0 || !b.isQuiet(now) {
		return false
	}
	b.last = now
	b.failure.Recovered(log, "The outputs accept all records again")
	return true
}

func (b *backoff) isQuiet(now time.Time) bool { return now.Sub(b.last) > b.pause+b.longest }
