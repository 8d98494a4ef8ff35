package outbox

import (
	"errors"
	"fmt"
)

// part is what an append writes to one log.
type part struct {
	log     *segmentLog
	records []*Record
	segment *segment
}

// Append numbers records and puts them on disk; when it returns nil, they are synced or, as OnFull says, dropped and reported.
// After an error none of them is accepted.
func (o *Outbox) Append(records []*Record) error {
	if len(records) == 0 {
		return nil
	}
	o.appending.Lock()
	defer o.appending.Unlock()
	parts, err := o.write(records)
	if err != nil {
		return err
	}
	var syncErr error
	for _, p := range parts { // without mu: others go on meanwhile
		syncErr = errors.Join(syncErr, p.segment.file.Sync())
	}
	return o.commit(parts, records, syncErr)
}

func (o *Outbox) write(records []*Record) ([]*part, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.main == nil {
		return nil, ErrNoDir
	}
	if o.numbers.unstored && !o.options.NewEpoch {
		o.numbers.renew(o.clock())
	}
	o.prepare(records)
	o.numbers.number(records)
	accepted, err := o.makeRoom(records)
	if err != nil {
		o.numbers.takeBack(records)
		return nil, err
	}
	parts, err := o.writeParts(accepted)
	if err != nil && o.options.OnFull == DropOldest && o.dropOldest() == nil { // most likely the disk itself is full
		parts, err = o.writeParts(accepted)
	}
	if err != nil {
		o.numbers.takeBack(records)
		return nil, fmt.Errorf("the outbox cannot be written: %w", err)
	}
	return parts, nil
}

// prepare begins new segments where they are due, before the records get their numbers: a segment begins with the numbers that were
// given. Killed before the records are written, the next process would leave theirs out, and who compares would call them lost (seen
// with kill -9). What fails here fails again, and is told, when they are written.
func (o *Outbox) prepare(records []*Record) {
	for _, r := range records {
		_, _ = o.logFor(r).segmentFor()
	}
}

func (o *Outbox) clock() uint64 { return uint64(max(0, o.now().UnixNano())) }

// logFor is the log of a record's queue: its own if the queue is set aside and nothing of it waits in the main log.
func (o *Outbox) logFor(r *Record) *segmentLog {
	if l := o.lane(r.Topic); l.aside != nil && len(l.later) == 0 && !o.main.unread() && !o.older(l) {
		return &l.aside.segmentLog
	}
	return o.main
}

func (o *Outbox) writeParts(records []*Record) ([]*part, error) {
	var parts []*part
	byLog := make(map[*segmentLog]*part, 1)
	for _, r := range records {
		log := o.logFor(r)
		if byLog[log] == nil {
			byLog[log] = &part{log: log}
			parts = append(parts, byLog[log])
		}
		byLog[log].records = append(byLog[log].records, r)
	}
	for i, p := range parts {
		var err error
		if p.segment, err = p.log.write(p.records); err != nil {
			for _, written := range parts[:i] {
				written.log.commit(written.records, err)
			}
			return nil, err
		}
	}
	return parts, nil
}

func (o *Outbox) commit(parts []*part, records []*Record, syncErr error) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, p := range parts {
		caughtUp := !p.log.unread()
		p.log.commit(p.records, syncErr)
		if syncErr != nil {
			continue
		}
		if p.log == o.main {
			o.feed(p.records, caughtUp)
		} else {
			o.tellAll(p.records)
		}
	}
	if syncErr != nil {
		o.numbers.takeBack(records)
		return fmt.Errorf("the outbox cannot be synced: %w", syncErr)
	}
	return nil
}

// feed brings records from memory to their lanes if none waits before them on disk.
func (o *Outbox) feed(records []*Record, caughtUp bool) {
	if caughtUp && o.window < o.maxWindow && o.windowBytes < maxWindowBytes {
		o.main.reader.skipTo(o.main.synced)
		o.dispatch(records)
		return
	}
	o.fill()
}

func (o *Outbox) tellAll(records []*Record) {
	for _, r := range records {
		o.tell(r.Topic)
	}
}
