package kafka_site

import (
	"runtime/metrics"
	"time"

	"github.com/telegraf-station/telegraf-station/internal/outbox"
	"github.com/telegraf-station/telegraf-station/internal/record"
)

const (
	// healthInterval and healthRecords are after how long, and at which record of the topic at the latest, the agent's health is told again.
	healthInterval = time.Minute
	healthRecords  = 50
)

// reports are when the records of a topic last told the agent's health: each device's first does, too.
type reports struct {
	at    map[string]time.Time // by device
	since int                  // records written since any told it
}

func (r *reports) isDue(device string, now time.Time) bool {
	at, told := r.at[device]
	return !told || now.Sub(at) >= healthInterval
}

// written notes that a part is in the topic.
func (r *reports) written(p *part, now time.Time) {
	for i, record := range p.records {
		r.since++
		if p.health[i] == "" {
			continue
		}
		if r.at == nil {
			r.at = make(map[string]time.Time)
		}
		r.at[record.Device], r.since = now, 0
	}
}

// agent is whose health is told.
type agent struct {
	counters *counters
	outbox   *outbox.Outbox
	// limit is the outbox's, in bytes; 0: there is none on disk.
	limit    int64
	started  time.Time
	maxBytes int // of a record
}

// tell gives a part's records the header where it is due: at each try anew, with the values of now. A record that would be too large
// with it does without.
func (a *agent) tell(p *part, now time.Time) {
	p.health = nil
	if p.bare {
		return
	}
	since := p.queue.reports.since
	var told map[string]string // by device
	for i, r := range p.records {
		since++
		text := told[r.Device]
		if since < healthRecords && (text != "" || !p.queue.reports.isDue(r.Device, now)) {
			continue
		}
		if text == "" {
			text = a.health(r.Device).String()
		}
		if len(text)+len(r.Value)+len(r.Device)+recordOverhead > a.maxBytes {
			continue
		}
		if told == nil {
			told, p.health = make(map[string]string), make(map[int]string)
		}
		told[r.Device], p.health[i], since = text, text, 0
	}
}

func (a *agent) health(device string) record.Health {
	stats := a.outbox.Stats()
	health := record.Health{
		"uptime": int64(time.Since(a.started).Seconds()), "memory": memory(),
		"written": a.counters.written.Get(), "sent_again": a.counters.repeated.Get(), "rejected": a.counters.rejected.Get(),
		"dropped": a.counters.dropped.Get(), "damaged": a.counters.damaged.Get(),
		"outbox_records": stats.Pending, "outbox_bytes": stats.Bytes, "parked": stats.Parked,
	}
	if a.limit > 0 {
		health["outbox_limit"] = a.limit
	}
	addInput(health, device)
	return health
}

// memory is what the Go runtime has from the system, in bytes. Unlike runtime.ReadMemStats this stops nothing.
func memory() int64 {
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}}
	metrics.Read(samples)
	return int64(samples[0].Value.Uint64()) //nolint:gosec // bounded by the memory
}
