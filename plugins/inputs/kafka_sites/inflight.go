package kafka_sites

import (
	"context"
	"sync"

	"github.com/influxdata/telegraf"
)

// inFlight passes metrics to the outputs and receives their results. It lives as long as the plugin, longer than a consumer and its
// sessions: records that an ended session left in the buffers of the outputs still count, so that these never hold more than the limit,
// however often members join and leave while InfluxDB is down.
type inFlight struct {
	acc   telegraf.TrackingAccumulator
	max   int
	freed chan struct{} // has an element if there may be room for another record

	mu       sync.Mutex
	limit    int // at most max; lower after rejections
	reserved int
	records  map[telegraf.TrackingID]*pendingRecord
}

func newInFlight(acc telegraf.Accumulator, limit int) *inFlight {
	return &inFlight{
		acc: acc.WithTracking(limit), max: limit, limit: limit,
		freed: make(chan struct{}, 1), records: make(map[telegraf.TrackingID]*pendingRecord),
	}
}

// reserve waits until another record may be in flight. It returns false if ctx is done first.
func (f *inFlight) reserve(ctx context.Context) bool {
	for !f.tryReserve() {
		select {
		case <-ctx.Done():
			return false
		case <-f.freed:
		}
	}
	return true
}

func (f *inFlight) tryReserve() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.reserved >= f.limit {
		return false
	}
	f.reserved++
	f.wake() // there may be room for more
	return true
}

// wake wakes one goroutine that waits in reserve, if there is room.
func (f *inFlight) wake() {
	if f.reserved < f.limit {
		select {
		case f.freed <- struct{}{}:
		default:
		}
	}
}

// send requires a reservation. A record without metrics is delivered immediately.
func (f *inFlight) send(metrics []telegraf.Metric, r *pendingRecord) {
	f.mu.Lock() // run must not receive the result before the record is in the map
	defer f.mu.Unlock()
	f.records[f.acc.AddTrackingMetricGroup(metrics)] = r
}

// run receives results until ctx is done. Later ones stay in the channel of the accumulator, which has room for them.
func (f *inFlight) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case result := <-f.acc.Delivered():
			f.release(result.ID()).done(result.Delivered())
		}
	}
}

// release ends the reservation of a record.
func (f *inFlight) release(id telegraf.TrackingID) *pendingRecord {
	f.mu.Lock()
	defer f.mu.Unlock()
	r := f.records[id]
	delete(f.records, id)
	f.reserved--
	f.wake()
	return r
}

// minLimit is a limit for which any buffer has room and with which a central Telegraf keeps up.
const minLimit = 100

// shrink lowers the limit to half of what is in flight, because the buffer that dropped a record has no room for that many. The record
// itself is no longer in flight.
func (f *inFlight) shrink() (limit int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.limit = min(f.limit, max(minLimit, (len(f.records)+1)/2))
	return f.limit
}

// grow raises the limit halfway to its maximum.
func (f *inFlight) grow() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.limit += (f.max - f.limit + 1) / 2
	f.wake()
}
