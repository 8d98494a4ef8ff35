package kafka_sites

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/metric"

	"github.com/telegraf-station/telegraf-station/internal/record"
)

// claims are the partitions that this central Telegraf has at the moment.
type claims struct {
	mu  sync.Mutex
	all []*claim
	// ended are the last ones of the partitions that it had.
	ended map[place]*claim
}

// place is a partition.
type place struct {
	topic, mark string // the mark has the topic's id
	partition   int32
}

// add has a claim go on with what an earlier one saw, if no other central Telegraf read on in between: claims end whenever a topic is added.
func (c *claims) add(one *claim) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, one)
	if before := c.ended[one.place]; before != nil && one.group <= before.next {
		one.goOnFrom(before)
	}
	delete(c.ended, one.place)
}

func (c *claims) remove(one *claim) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = slices.DeleteFunc(c.all, func(other *claim) bool { return other == one })
	if c.ended == nil {
		c.ended = make(map[place]*claim)
	}
	c.ended[one.place] = one
}

// forget drops what was seen of topics that are not among the names, which are sorted.
func (c *claims) forget(names []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.DeleteFunc(c.ended, func(p place, _ *claim) bool {
		_, found := slices.BinarySearch(names, p.topic)
		return !found
	})
}

func (c *claims) list() []*claim {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.all)
}

// state is a topic's, summed over its partitions.
type state struct {
	site               site
	newest, group, lag int64
	stations           int64
	lost, givenUp      uint64
	at                 time.Time // of the newest record; zero is none
	unsure             bool      // a partition's newest record is not known
}

func (s *state) add(c *claim, now time.Time) {
	end := c.end()
	c.mu.Lock()
	defer c.mu.Unlock()
	s.newest += end
	s.group += c.group
	s.lag += max(0, end-c.group)
	s.unsure = s.unsure || c.known < end-1
	if c.at.After(s.at) {
		s.at = c.at
	}
	for _, d := range c.devices {
		s.lost = min(s.lost+d.lost, record.MaxSeq)
		s.givenUp = min(s.givenUp+d.givenUp, record.MaxSeq)
		if now.Sub(d.seen) < seenFor {
			s.stations++
		}
	}
}

// topicMetrics is one for each topic.
func topicMetrics(claims []*claim, group string, now time.Time) []telegraf.Metric {
	states := make(map[string]*state)
	for _, c := range claims {
		if states[c.topic] == nil {
			states[c.topic] = &state{site: c.site}
		}
		states[c.topic].add(c, now)
	}
	metrics := make([]telegraf.Metric, 0, len(states))
	for topic, s := range states {
		tags := map[string]string{"topic": topic, "group": group}
		told := metric.New("kafka_sites_topic", tags, s.fields(now), now)
		s.site.tag(told)
		metrics = append(metrics, told)
	}
	return metrics
}

func (s *state) fields(now time.Time) map[string]any {
	fields := map[string]any{
		"newest_offset": s.newest, "group_offset": s.group, "lag": s.lag, "stations": s.stations,
		"lost": int64(s.lost), "given_up": int64(s.givenUp), //nolint:gosec // at most MaxSeq
	}
	if !s.at.IsZero() && !s.unsure {
		fields["newest_age"] = max(0, now.Sub(s.at).Seconds())
	}
	return fields
}
