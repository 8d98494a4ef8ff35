package status

import (
	"errors"
	"time"

	"github.com/telegraf-station/telegraf-station/internal/line/flatjson"
	"github.com/telegraf-station/telegraf-station/internal/record"
	"github.com/telegraf-station/telegraf-station/internal/schema"
)

// device is the state of a device by its last records.
type device struct {
	id string
	// newest is the time of the newest reading, and status its status; arrived is when its record arrived.
	oldest, newest, arrived time.Time
	status                  int64
	// readings are those with a later time than all before them: a retry counts once.
	readings int
	// epoch is the epoch of the agent's outbox: the devices of one agent share it.
	epoch   string
	numbers map[string]*numbers
	lost    int64
	// health is the most recent report of the agent, in a record that arrived at healthAt.
	health   record.Health
	healthAt time.Time
}

func (d *device) add(r reading, arrived time.Time, h headers) {
	if r.time.After(d.newest) {
		d.newest, d.status, d.arrived = r.time, r.status, arrived
		d.readings++
	}
	if d.oldest.IsZero() || r.time.Before(d.oldest) {
		d.oldest = r.time
	}
	if h.health != "" {
		if health, err := record.ParseHealth(h.health); err == nil {
			d.health, d.healthAt = health, arrived
		}
	}
	d.addNumber(h)
}

// addNumber ignores records without a number: they were not written by our agent.
func (d *device) addNumber(h headers) {
	epoch, epochErr := record.ParseEpoch(h.epoch)
	seq, seqErr := record.ParseSeq(h.seq)
	if epochErr != nil || seqErr != nil {
		return
	}
	d.epoch = epoch
	if d.numbers[epoch] == nil {
		d.numbers[epoch] = &numbers{first: seq}
	}
	d.numbers[epoch].add(seq, h.skipped)
}

// join adds the records of the device in another partition.
func (d *device) join(other *device) {
	if other.newest.After(d.newest) {
		d.newest, d.status, d.arrived, d.epoch = other.newest, other.status, other.arrived, other.epoch
	}
	if other.oldest.Before(d.oldest) {
		d.oldest = other.oldest
	}
	if other.healthAt.After(d.healthAt) {
		d.health, d.healthAt = other.health, other.healthAt
	}
	d.readings += other.readings
	d.lost += other.lost
}

// rate returns the readings per minute, or 0 if there is only one reading.
func (d *device) rate() float64 {
	span := d.newest.Sub(d.oldest)
	if d.readings < 2 || span <= 0 {
		return 0
	}
	return float64(d.readings-1) / span.Minutes()
}

// reading has the values that every record contains.
type reading struct {
	device string
	status int64
	time   time.Time
}

// readReading accepts the same values as parsers.station.
func readReading(value []byte) (reading, error) {
	members, err := flatjson.Decode(value)
	if err != nil {
		return reading{}, err
	}
	device, _ := members[schema.DeviceID].(string)
	status, isNumber := members[schema.Status].(int64)
	text, _ := members[schema.Time].(string)
	at, err := time.Parse(time.RFC3339Nano, text)
	if device == "" || !isNumber || !schema.IsStatus(status) || err != nil {
		return reading{}, errors.New("not a reading")
	}
	return reading{device, status, at.UTC()}, nil
}
