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
	slots chan struct{}

	mu       sync.Mutex
	underWay map[telegraf.TrackingID]*record
}

func newDeliveries(acc telegraf.Accumulator, limit int) *deliveries {
	return &deliveries{
		acc:      acc.WithTracking(limit),
		slots:    make(chan struct{}, limit),
		underWay: make(map[telegraf.TrackingID]*record),
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
func (d *deliveries) send(metrics []telegraf.Metric, r *record) {
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
			<-d.slots
		}
	}
}

func (d *deliveries) take(id telegraf.TrackingID) *record {
	d.mu.Lock()
	defer d.mu.Unlock()
	r := d.underWay[id]
	delete(d.underWay, id)
	return r
}
