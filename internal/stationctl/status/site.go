package status

import (
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/telegraf-station/telegraf-station/internal/record"
	"github.com/telegraf-station/telegraf-station/internal/schema"
)

// The states of a device.
const (
	Good         = "good"
	SensingError = "sensing error"
	// Silent is a device whose board is silent, or that has sent nothing for too long.
	Silent = "silent"
)

// Site is the state of a site. Lag is nil if it is unknown, Parked if no agent reported it in the last records.
type Site struct {
	Topic         string     `json:"topic"`
	Newest        *time.Time `json:"newest_reading"`
	PerMinute     float64    `json:"readings_per_minute"`
	Devices       []Device   `json:"devices"`
	Lag           *int64     `json:"lag"`
	NeverConsumed bool       `json:"never_consumed"`
	Lost          int64      `json:"lost"`
	Parked        *int64     `json:"parked"`
	Unreadable    int64      `json:"unreadable"`
	Troubles      []string   `json:"troubles"`
	// Unknown is true if the topic could not be read, so that nothing is known about it.
	Unknown bool `json:"unknown"`

	records int64
	age     time.Duration
	damaged error // the first batch that cannot be decoded
}

// Device is a device of a site, by its last reading.
type Device struct {
	ID        string        `json:"device_id"`
	Newest    time.Time     `json:"newest_reading"`
	Arrived   time.Time     `json:"arrived"`
	Status    int64         `json:"status"`
	State     string        `json:"state"`
	PerMinute float64       `json:"readings_per_minute"`
	Lost      int64         `json:"lost"`
	Health    record.Health `json:"health,omitempty"`
}

func (o *Options) report(topics kadm.TopicDetails, tails []*tail, progress groupProgress) *Report {
	report := &Report{Time: time.Now().UTC(), Group: o.Group, Sites: make([]Site, 0, len(topics))}
	if progress.err != nil {
		report.GroupTrouble = progress.err.Error()
	}
	byTopic := make(map[string][]*tail)
	for _, t := range tails {
		byTopic[t.Topic] = append(byTopic[t.Topic], t)
	}
	for _, topic := range topics.Sorted() {
		site := Site{Topic: topic.Topic, Devices: []Device{}, Troubles: []string{}}
		site.fill(byTopic[topic.Topic], report.Time, o.SilentAfter)
		if progress.err == nil {
			site.addLag(byTopic[topic.Topic], progress)
		}
		site.findProblems(failure(topic, byTopic[topic.Topic]), report.Time, o)
		report.Sites = append(report.Sites, site)
	}
	return report
}

// failure returns why the topic could not be read.
func failure(topic kadm.TopicDetail, tails []*tail) error {
	if topic.Err != nil {
		return topic.Err
	}
	for _, t := range tails {
		if t.Err != nil {
			return t.Err
		}
	}
	if len(tails) == 0 {
		return errors.New("the topic has no partition")
	}
	return nil
}

func (s *Site) fill(tails []*tail, now time.Time, silentAfter time.Duration) {
	devices := make(map[string]*device)
	for _, t := range tails {
		s.Unreadable += t.unreadable
		if s.damaged == nil {
			s.damaged = t.damaged
		}
		s.records += t.End - t.Start
		for id, d := range t.devices {
			if known := devices[id]; known != nil {
				known.join(d)
				continue
			}
			devices[id] = d
		}
	}
	for _, id := range slices.Sorted(maps.Keys(devices)) {
		d := devices[id]
		s.Devices = append(s.Devices, d.result(now, silentAfter))
		s.PerMinute += d.rate()
		s.Lost += d.lost
		if s.Newest == nil || d.newest.After(*s.Newest) {
			s.Newest, s.age = &d.newest, now.Sub(d.newest)
		}
	}
	s.Parked = parked(devices)
}

func (d *device) result(now time.Time, silentAfter time.Duration) Device {
	state := Good
	switch {
	case d.status == schema.StatusCommunicationError || now.Sub(d.newest) > silentAfter:
		state = Silent
	case d.status == schema.StatusSensingError:
		state = SensingError
	}
	return Device{d.id, d.newest, d.arrived.UTC(), d.status, state, d.rate(), d.lost, d.health}
}

// parked adds up the parked records of the agents; devices of one agent report the same ones.
func parked(devices map[string]*device) *int64 {
	agents := make(map[string]*device)
	for _, d := range devices {
		if _, told := d.health["parked"]; told && (agents[d.epoch] == nil || d.healthAt.After(agents[d.epoch].healthAt)) {
			agents[d.epoch] = d
		}
	}
	if len(agents) == 0 {
		return nil
	}
	var sum int64
	for _, d := range agents {
		sum += min(d.health["parked"], int64(record.MaxSeq)) // sums do not overflow, whatever a stolen station writes
	}
	return &sum
}

// addLag adds up the lag of the group: all records of a partition if it has committed no offset there.
func (s *Site) addLag(tails []*tail, progress groupProgress) {
	var lag int64
	never := true
	for _, t := range tails {
		if t.Err != nil {
			return
		}
		offset := progress.offset(t.Topic, t.Number)
		if offset < 0 {
			lag += t.End - t.Start
			continue
		}
		never = false
		lag += max(0, t.End-offset) // commits of a re-created topic are beyond its end
	}
	s.Lag, s.NeverConsumed = &lag, never
}
