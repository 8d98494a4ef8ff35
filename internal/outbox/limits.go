package outbox

import (
	"errors"
	"fmt"
	"slices"

	"github.com/telegraf-station/telegraf-station/internal/record"
)

// makeRoom enforces the limits. It returns the accepted records: all of them or, with DropNewest, those that fit.
func (o *Outbox) makeRoom(records []*Record) ([]*Record, error) {
	if !o.exceeds(records) {
		return records, nil
	}
	switch o.options.OnFull {
	case DropOldest:
		for o.exceeds(records) {
			if o.dropOldest(o.usage()) != nil {
				break
			}
		}
	case DropNewest:
	default:
		return nil, fmt.Errorf("%w (%s)", ErrFull, o.usage())
	}
	fit := len(records)
	for fit > 0 && o.exceeds(records[:fit]) {
		fit--
	}
	o.reportDropped(records[fit:], uint64(len(records[fit:])), "newest", o.usage())
	return records[:fit], nil
}

// exceeds reports whether the records would exceed a limit.
func (o *Outbox) exceeds(records []*Record) bool {
	bytes, pending := o.used()
	for _, r := range records {
		bytes += int64(len(r.Value)+len(r.Topic)+len(r.Device)) + frameHeader + 32
	}
	return bytes > o.options.MaxBytes || pending+uint64(len(records)) > o.options.MaxRecords
}

// used returns the disk usage and the number of pending records on disk.
func (o *Outbox) used() (bytes int64, pending uint64) {
	for _, log := range o.logs() {
		bytes += log.bytes()
		pending += log.pending()
	}
	return bytes, pending
}

func (o *Outbox) usage() string {
	bytes, pending := o.used()
	return fmt.Sprintf("%d records pending, limit %d; %d bytes used, limit %d", pending, o.options.MaxRecords, bytes, o.options.MaxBytes)
}

func (o *Outbox) logs() []*segmentLog {
	if o.main == nil {
		return nil
	}
	logs := []*segmentLog{o.main}
	for _, t := range o.separate {
		logs = append(logs, &t.log.segmentLog)
	}
	return logs
}

var errNothingToDrop = errors.New("the outbox has nothing to drop")

// dropOldest drops the segment with the oldest reading, and reports why.
func (o *Outbox) dropOldest(why string) error {
	o.storeAcknowledged()
	var oldest *segmentLog
	var records []*Record
	for _, log := range o.logs() {
		if log.pending() == 0 {
			continue
		}
		if first := log.firstRecords(); oldest == nil || len(first) > 0 && len(records) > 0 && first[0].Time < records[0].Time {
			oldest, records = log, first
		}
	}
	if oldest == nil {
		return errNothingToDrop
	}
	ids, pending, err := oldest.dropOldest()
	if err != nil {
		return err
	}
	o.removeFromMemory(oldest, ids)
	o.reportDropped(records, pending, "oldest", why)
	_ = o.main.writeState() // what the next records must list; if the disk does not take it, memory has it
	return nil
}

// removeFromMemory removes records that were dropped from disk. Those in flight may still be acknowledged.
func (o *Outbox) removeFromMemory(log *segmentLog, ids record.Range) {
	dropped := func(r *Record) bool { return r.log == log && r.id >= ids.From && r.id <= ids.To }
	remove := func(r *Record) bool {
		if dropped(r) {
			o.count(r, -1)
		}
		return dropped(r)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, t := range o.topics {
		t.ready, t.unmoved = slices.DeleteFunc(t.ready, remove), slices.DeleteFunc(t.unmoved, remove)
		for _, r := range t.inFlight {
			if dropped(r) {
				r.log = nil
			}
		}
	}
}

// reportDropped reports dropped records; those that can be read are listed in the next record of their device.
func (o *Outbox) reportDropped(records []*Record, count uint64, which, why string) {
	if count == 0 {
		return
	}
	o.mu.Lock()
	for _, r := range records {
		o.sequence.skip(r, false)
	}
	o.mu.Unlock()
	o.options.Report(Incident{Records: count, Dropped: true, Cause: which, Text: "the " + which + " records were dropped: " + why})
}
