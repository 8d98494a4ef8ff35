package outbox

import (
	"errors"
	"fmt"
	"slices"
)

// makeRoom keeps the bounds. It returns the records that are accepted: all, but with DropNewest those that fit.
func (o *Outbox) makeRoom(records []*Record) ([]*Record, error) {
	if !o.full(records) {
		return records, nil
	}
	switch o.options.OnFull {
	case DropOldest:
		for o.full(records) {
			if o.dropOldest() != nil {
				break
			}
		}
	case DropNewest:
	default:
		return nil, fmt.Errorf("%w (%s)", ErrFull, o.fullness())
	}
	fit := len(records)
	for fit > 0 && o.full(records[:fit]) {
		fit--
	}
	o.dropped(records[fit:], uint64(len(records[fit:])), "the newest records were dropped")
	return records[:fit], nil
}

// full tells whether the records would go beyond a bound.
func (o *Outbox) full(records []*Record) bool {
	bytes, waiting := o.used()
	for _, r := range records {
		bytes += int64(len(r.Value)+len(r.Topic)+len(r.Device)) + frameHeader + 32
	}
	return bytes > o.options.MaxBytes || waiting+uint64(len(records)) > o.options.MaxRecords
}

// used is what the outbox takes of the disk, and how many records wait on it.
func (o *Outbox) used() (bytes int64, waiting uint64) {
	for _, log := range o.logs() {
		bytes += log.bytes()
		waiting += log.waiting()
	}
	return bytes, waiting
}

func (o *Outbox) fullness() string {
	bytes, waiting := o.used()
	return fmt.Sprintf("%d records wait, of at most %d; %d bytes of disk, of at most %d", waiting, o.options.MaxRecords, bytes, o.options.MaxBytes)
}

func (o *Outbox) logs() []*segmentLog {
	if o.main == nil {
		return nil
	}
	logs := []*segmentLog{o.main}
	for _, l := range o.asides {
		logs = append(logs, &l.aside.segmentLog)
	}
	return logs
}

var errNothing = errors.New("there is nothing to drop")

// dropOldest gives up the segment with the oldest reading.
func (o *Outbox) dropOldest() error {
	var oldest *segmentLog
	var records []*Record
	var time int64
	for _, log := range o.logs() {
		if log.waiting() == 0 {
			continue
		}
		if head := log.headRecords(); oldest == nil || len(head) > 0 && head[0].Time < time {
			oldest, records = log, head
			if len(head) > 0 {
				time = head[0].Time
			}
		}
	}
	if oldest == nil {
		return errNothing
	}
	ids, waiting, err := oldest.dropOldest()
	if err != nil {
		return err
	}
	o.unload(oldest, ids)
	o.dropped(records, waiting, "the oldest records were dropped")
	return nil
}

// headRecords are the waiting records of the oldest segment, as far as they are sound.
func (l *segmentLog) headRecords() []*Record {
	frames, _, err := l.segments[0].frames(l.fs, 0)
	if err != nil {
		return nil
	}
	var records []*Record
	for _, f := range recordFrames(l.without(frames, 0)) {
		if r, err := readRecord(f.payload); err == nil && !l.done.has(f.id) {
			records = append(records, r)
		}
	}
	return records
}

// unload removes from memory what was dropped from disk. What is being delivered may still arrive.
func (o *Outbox) unload(log *segmentLog, ids span) {
	gone := func(r *Record) bool { return r.log == log && r.id >= ids.from && r.id <= ids.to }
	drop := func(r *Record) bool {
		if gone(r) {
			o.count(r, -1)
		}
		return gone(r)
	}
	for _, l := range o.lanes {
		l.ready, l.later = slices.DeleteFunc(l.ready, drop), slices.DeleteFunc(l.later, drop)
		for _, r := range l.taken {
			if gone(r) {
				r.log = nil
			}
		}
	}
}

func (o *Outbox) dropped(records []*Record, count uint64, what string) {
	if count == 0 {
		return
	}
	for _, r := range records {
		o.numbers.skip(r, false)
	}
	o.options.Report(Incident{Records: count, Dropped: true, Text: what + ", since " + o.fullness()})
}
