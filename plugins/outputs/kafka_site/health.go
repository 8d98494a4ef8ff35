package kafka_site

import (
	"runtime/metrics"
	"time"

	"github.com/telegraf-station/telegraf-station/internal/outbox"
	"github.com/telegraf-station/telegraf-station/internal/record"
)

const (
	// A record carries the health of the agent healthInterval after the previous one that did, or as the healthRecords-th after it at the latest.
	healthInterval = time.Minute
	healthRecords  = 50
)

// healthSchedule has when the records of a topic last carried the health of the agent. The first record of each device also does.
type healthSchedule struct {
	sentAt map[string]time.Time // by device
	since  int                  // records sent since any of them carried it
}

func (s *healthSchedule) isDue(device string, now time.Time) bool {
	at, sent := s.sentAt[device]
	return !sent || now.Sub(at) >= healthInterval
}

// sent updates the schedule for a batch that was acknowledged.
func (s *healthSchedule) sent(b *batch, now time.Time) {
	for i, record := range b.records {
		s.since++
		if b.health[i] == "" {
			continue
		}
		if s.sentAt == nil {
			s.sentAt = make(map[string]time.Time)
		}
		s.sentAt[record.Device], s.since = now, 0
	}
}

// agent has what the health consists of.
type agent struct {
	counters *counters
	outbox   *outbox.Outbox
	// limit is that of the outbox, in bytes; 0 if there is none on disk.
	limit    int64
	started  time.Time
	maxBytes int // of a record
}

func newAgent(k *KafkaSite) *agent {
	a := &agent{counters: k.counters, outbox: k.outbox, started: time.Now(), maxBytes: int(k.MaxMessageBytes)}
	if k.Outbox != "" {
		a.limit = int64(k.OutboxMaxSize)
	}
	return a
}

// addHealth adds the current health to the records of a batch for which it is due. A record that would be too large with it goes without.
func (a *agent) addHealth(b *batch, now time.Time) {
	b.health = nil
	if b.withoutHealth {
		return
	}
	since := b.topic.health.since
	var added map[string]string // by device
	for i, r := range b.records {
		since++
		text := added[r.Device]
		if since < healthRecords && (text != "" || !b.topic.health.isDue(r.Device, now)) {
			continue
		}
		if text == "" {
			text = a.health(r.Device).String()
		}
		if len(text)+len(r.Value)+len(r.Device)+recordOverhead > a.maxBytes {
			continue
		}
		if added == nil {
			added, b.health = make(map[string]string), make(map[int]string)
		}
		added[r.Device], b.health[i], since = text, text, 0
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

// memory returns how many bytes the Go runtime has obtained from the system. Unlike runtime.ReadMemStats, it does not stop the program.
func memory() int64 {
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}}
	metrics.Read(samples)
	return int64(samples[0].Value.Uint64()) //nolint:gosec // bounded by the memory
}
