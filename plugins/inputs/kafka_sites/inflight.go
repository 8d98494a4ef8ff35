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
	slots chan struct{} // holds one element per record in flight, and one per withheld slot

	mu       sync.Mutex
	records  map[telegraf.TrackingID]*pendingRecord
	withheld int // slots that are unused because of rejections
	owed     int // slots to withhold when their record is done
}

func newInFlight(acc telegraf.Accumulator, limit int) *inFlight {
	return &inFlight{
		acc:     acc.WithTracking(limit),
		slots:   make(chan struct{}, limit),
		records: make(map[telegraf.TrackingID]*pendingRecord),
	}
}

// reserve waits for a free slot. It returns false if ctx is done first.
func (f *inFlight) reserve(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return false
	case f.slots <- struct{}{}:
		return true
	}
}

// send requires a reserved slot. A record without metrics is delivered immediately.
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
			f.remove(result.ID()).done(result.Delivered())
			f.release()
		}
	}
}

func (f *inFlight) remove(id telegraf.TrackingID) *pendingRecord {
	f.mu.Lock()
	defer f.mu.Unlock()
	r := f.records[id]
	delete(f.records, id)
	return r
}

// release frees the slot of a record, or withholds it.
func (f *inFlight) release() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.owed > 0 {
		f.owed--
		f.withheld++
		return
	}
	<-f.slots
}

// minLimit is a limit for which any buffer has room and with which a central Telegraf keeps up.
const minLimit = 100

// shrink lowers the limit to half of what is in flight, because the buffer that dropped a record has no room for that many. The record
// itself is no longer in flight.
func (f *inFlight) shrink() (limit int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	current := cap(f.slots) - f.withheld - f.owed
	limit = min(current, max(minLimit, (len(f.records)+1)/2))
	f.owed += current - limit
	for f.owed > 0 && f.withholdFree() {
		f.owed--
	}
	return limit
}

func (f *inFlight) withholdFree() bool {
	select {
	case f.slots <- struct{}{}:
		f.withheld++
		return true
	default:
		return false
	}
}

// grow returns half of the withheld slots.
func (f *inFlight) grow() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.owed = 0
	for range (f.withheld + 1) / 2 {
		f.withheld--
		<-f.slots
	}
}
