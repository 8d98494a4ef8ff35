package outbox

import (
	"errors"
	"fmt"
	"syscall"
)

// Append numbers records and stores them. When it returns nil, they are synced or, as OnFull says, dropped and reported.
// After an error, none of them is accepted.
func (o *Outbox) Append(records []*Record) error {
	if len(records) == 0 {
		return nil
	}
	o.disk.Lock()
	defer o.unlockDisk()
	if o.main == nil {
		return ErrNoDir
	}
	o.storeAcknowledged()
	o.startSegments(records)
	o.number(records)
	accepted, err := o.makeRoom(records)
	if err == nil {
		err = o.store(accepted)
	}
	if err != nil {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.sequence.undo(records)
	}
	return err
}

// startSegments starts new segments where they are due, before the records are numbered: a segment begins with the numbers given so far.
// If the process were killed between the segment and the records, those numbers would be skipped and look lost (seen with kill -9).
// An error here comes again when the records are written.
func (o *Outbox) startSegments(records []*Record) {
	for _, r := range records {
		_, _ = o.logOf(r).segmentForAppend()
	}
}

func (o *Outbox) number(records []*Record) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.sequence.memoryOnly && !o.options.NewEpoch {
		o.sequence.startEpoch(o.clock())
	}
	for _, r := range records {
		o.sequence.number(r)
	}
}

// logOf returns the log for a new record: the topic's own if it has one and no earlier record of the topic is outside it.
func (o *Outbox) logOf(r *Record) *segmentLog {
	o.mu.Lock()
	defer o.mu.Unlock()
	if t := o.topic(r.Topic); t.log != nil && len(t.unmoved) == 0 && !o.main.unread() && !t.hasEarlier() {
		return &t.log.segmentLog
	}
	return o.main
}

// store writes and syncs records and makes them available.
func (o *Outbox) store(records []*Record) error {
	inMemory := !o.main.unread() // all earlier ones
	parts := o.split(records)
	err := writeSynced(parts)
	if isDiskFull(err) && o.options.OnFull == DropOldest && o.dropOldest(err.Error()) == nil {
		parts = o.split(records)
		err = writeSynced(parts)
	}
	if err != nil {
		return err
	}
	for _, p := range parts {
		p.locate()
		if p.log != o.main {
			o.notifyAll(p.records)
		} else if n, bytes := o.room(); inMemory && n > 0 && bytes > 0 {
			o.main.reader.moveTo(o.main.synced)
			o.distribute(p.records)
		}
	}
	o.fill()
	return nil
}

func (o *Outbox) notifyAll(records []*Record) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, r := range records {
		o.notify(r.Topic)
	}
}

func isDiskFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// part is what an append writes to one log.
type part struct {
	log     *segmentLog
	records []*Record
}

// split returns the records of each log.
func (o *Outbox) split(records []*Record) []*part {
	var parts []*part
	byLog := make(map[*segmentLog]*part, 1)
	for _, r := range records {
		log := o.logOf(r)
		if byLog[log] == nil {
			byLog[log] = &part{log: log}
			parts = append(parts, byLog[log])
		}
		byLog[log].records = append(byLog[log].records, r)
	}
	return parts
}

// writeSynced appends all parts to their logs, or none.
func writeSynced(parts []*part) error {
	var err error
	written := parts[:0:0]
	for _, p := range parts {
		if err = p.log.write(p.records); err != nil {
			err = fmt.Errorf("cannot write the outbox: %w", err)
			break
		}
		written = append(written, p)
	}
	if err == nil {
		for _, p := range written {
			err = errors.Join(err, p.log.active().file.Sync())
		}
		if err != nil {
			err = fmt.Errorf("cannot sync the outbox: %w", err)
		}
	}
	for _, p := range written {
		if err != nil {
			p.log.undoWrite(len(p.records))
		} else {
			p.log.synced = p.log.next
		}
	}
	return err
}

// locate notes where the records are on disk.
func (p *part) locate() {
	for i, r := range p.records {
		r.log, r.id = p.log, p.log.synced-uint64(len(p.records)-i) //nolint:gosec // i is below the length
	}
}
