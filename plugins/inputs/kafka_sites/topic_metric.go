package kafka_sites

import (
	"sync/atomic"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/metric"

	"github.com/telegraf-station/telegraf-station/internal/record"
)

const (
	// maxUndelivered limits the reports in flight, so that they do not displace readings from a buffer while the outputs accept nothing.
	maxUndelivered = 3
	// stationTimeout is how long a device counts as a station after its last record.
	stationTimeout = 15 * time.Minute
)

// reporter is the state of Gather.
type reporter struct {
	timeout     time.Duration // for newest records
	acc         telegraf.TrackingAccumulator
	undelivered int
	requesting  atomic.Bool // true while a request for newest records is in progress
}

// Gather adds a metric for each topic of this central Telegraf. Records become metrics as soon as they arrive, not here.
func (k *KafkaSites) Gather(acc telegraf.Accumulator) error {
	if k.reporter.acc == nil {
		k.reporter.acc = acc.WithTracking(maxUndelivered)
	}
	if !k.reporter.hasRoom() {
		return nil
	}
	partitions := k.assigned.list()
	k.requestNewest(partitions)
	if metrics := topicMetrics(partitions, k.ConsumerGroup, time.Now()); len(metrics) > 0 {
		k.reporter.acc.AddTrackingMetricGroup(metrics)
		k.reporter.undelivered++
	}
	return nil
}

func (r *reporter) hasRoom() bool {
	for {
		select {
		case <-r.acc.Delivered():
			r.undelivered--
		default:
			return r.undelivered < maxUndelivered
		}
	}
}

func topicMetrics(partitions []*partition, group string, now time.Time) []telegraf.Metric {
	states := make(map[string]*topicState)
	for _, p := range partitions {
		if states[p.topic] == nil {
			states[p.topic] = &topicState{site: p.site}
		}
		states[p.topic].add(p, now)
	}
	metrics := make([]telegraf.Metric, 0, len(states))
	for topic, state := range states {
		m := metric.New("kafka_sites_topic", map[string]string{"topic": topic, "group": group}, state.fields(now), now)
		state.site.applyTags(m)
		metrics = append(metrics, m)
	}
	return metrics
}

// topicState is the sum of the partitions of a topic.
type topicState struct {
	site                site
	end, delivered, lag int64
	expired             int64
	stations            int64
	lost, givenUp       uint64
	newestTime          time.Time // zero if there is no record
	newestUnknown       bool      // true if the time of the newest record of a partition is not known
}

func (s *topicState) add(p *partition, now time.Time) {
	end := p.end()
	p.mu.Lock()
	defer p.mu.Unlock()
	s.end += end
	s.delivered += p.delivered
	s.lag += max(0, end-p.delivered)
	s.expired += p.expired
	s.newestUnknown = s.newestUnknown || p.newest < end-1
	if p.newestTime.After(s.newestTime) {
		s.newestTime = p.newestTime
	}
	for _, d := range p.devices {
		s.lost = min(s.lost+d.lost, record.MaxSeq)
		s.givenUp = min(s.givenUp+d.givenUp, record.MaxSeq)
		if now.Sub(d.read) < stationTimeout {
			s.stations++
		}
	}
}

func (s *topicState) fields(now time.Time) map[string]any {
	fields := map[string]any{
		"newest_offset": s.end, "group_offset": s.delivered, "lag": s.lag, "stations": s.stations,
		"lost": int64(s.lost), "given_up": int64(s.givenUp), //nolint:gosec // at most MaxSeq
		"expired": s.expired,
	}
	if !s.newestTime.IsZero() && !s.newestUnknown {
		fields["newest_age"] = max(0, now.Sub(s.newestTime).Seconds())
	}
	return fields
}
