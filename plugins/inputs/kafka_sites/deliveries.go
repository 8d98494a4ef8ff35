package kafka_sites

import (
	"context"
	"sync"

	"github.com/influxdata/telegraf"
)

// deliveries hands metrics to the outputs and hears what became of them. It lasts as long as the plugin, longer than a consumer
// and its sessions: what an ended session left in the outputs' buffers counts on, so that these never hold more than the limit,
// however often members join and leave while InfluxDB is away.
type deliveries struct {
	acc   telegraf.TrackingAccumulator
	slots chan struct{} // one is in it for each record under way, and for each withheld

	mu       sync.Mutex
	underWay map[telegraf.TrackingID]*pendingRecord
	withheld int // slots that are not used, after rejections
	owed     int // slots that will be withheld when their record is delivered
}

func newDeliveries(acc telegraf.Accumulator, limit int) *deliveries {
	return &deliveries{
		acc:      acc.WithTracking(limit),
		slots:    make(chan struct{}, limit),
		underWay: make(map[telegraf.TrackingID]*pendingRecord),
	}
}

// reserve waits for a free slot, and returns false if ctx ended before.
func (d *deliveries) reserve(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return false
	case d.slots <- struct{}{}:
		return true
	}
}

// send needs a slot. A record without metrics is delivered at once.
func (d *deliveries) send(metrics []telegraf.Metric, r *pendingRecord) {
	d.mu.Lock() // run must not hear of the record before it is noted here
	defer d.mu.Unlock()
	d.underWay[d.acc.AddTrackingMetricGroup(metrics)] = r
}

// run hears of deliveries until ctx ends; what comes later finds room in the accumulator's channel.
func (d *deliveries) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case info := <-d.acc.Delivered():
			d.take(info.ID()).end(info.Delivered())
			d.release()
		}
	}
}

func (d *deliveries) take(id telegraf.TrackingID) *pendingRecord {
	d.mu.Lock()
	defer d.mu.Unlock()
	r := d.underWay[id]
	delete(d.underWay, id)
	return r
}

// release frees a record's slot, or withholds it.
func (d *deliveries) release() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.owed > 0 {
		d.owed--
		d.withheld++
		return
	}
	<-d.slots
}

// fewest is a limit that any buffer has room for, and with which a central Telegraf keeps up.
const fewest = 100

// shrink lowers the limit to half of what is under way: an output's buffer that dropped a record has no room for so many. It is
// called for a record that is under way no more.
func (d *deliveries) shrink() (limit int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	open := cap(d.slots) - d.withheld - d.owed
	limit = min(open, max(fewest, (len(d.underWay)+1)/2))
	d.owed += open - limit
	for d.owed > 0 && d.withholdFree() {
		d.owed--
	}
	return limit
}

func (d *deliveries) withholdFree() bool {
	select {
	case d.slots <- struct{}{}:
		d.withheld++
		return true
	default:
		return false
	}
}

// grow gives half of what was withheld back.
func (d *deliveries) grow() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.owed = 0
	for range (d.withheld + 1) / 2 {
		d.withheld--
		<-d.slots
	}
}
