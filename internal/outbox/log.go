package outbox

import (
	"errors"
	"fmt"
	"slices"
)

// segmentLog is an ordered log of records in segments, with what is done of it. The ids of its records go up by one.
// It is not safe for concurrent use.
type segmentLog struct {
	fs  files
	dir string
	// limit and limitRecords are the size from which on a new segment begins.
	limit        int64
	limitRecords uint64
	// memo is the owner's own state, written to the beginning of each segment.
	memo func() []byte
	// behindHole says what is to be done with records that follow a hole in the last append; nil: salvage.
	behindHole func(frame) verdict
	// damaged hears of records that cannot be read.
	damaged func(records uint64, at string, bytes []byte)

	segments []*segment
	// sealed is what all segments but the last take of the disk.
	sealed int64
	// next is the id of the next record to be appended; those below synced may be read.
	next, synced uint64
	done         idSet
	reader       reader
	// before is where the last write began. broken says that it could not be undone after a failed sync: what the segment holds
	// there is unknown, so it gets no more, and the next one begins with the same id.
	before int64
	broken bool
}

// active is the segment that is appended to; nil after opening.
func (l *segmentLog) active() *segment {
	if n := len(l.segments); n > 0 && l.segments[n-1].file != nil {
		return l.segments[n-1]
	}
	return nil
}

// write puts records behind the others and gives them their ids. They are promised only after the returned segment was synced
// and commit was called; after an error nothing has changed.
func (l *segmentLog) write(records []*Record) (*segment, error) {
	s, err := l.segmentFor()
	if err != nil {
		return nil, err
	}
	size := 0
	for _, r := range records {
		size += frameHeader + r.size()
	}
	data := make([]byte, 0, size)
	for i, r := range records {
		begin := len(data)
		data = r.appendTo(append(data, make([]byte, frameHeader)...))
		f := frame{kind: recordFrame, id: l.next + uint64(i), index: uint32(i), payload: data[begin+frameHeader:]}
		f.putHeader(data[begin:])
	}
	if err := s.append(data); err != nil {
		s.wipe()
		return nil, err
	}
	l.next += uint64(len(records))
	l.before = s.size - int64(len(data))
	return s, nil
}

// commit makes the written records readable, or takes them back if the sync failed.
func (l *segmentLog) commit(records []*Record, syncErr error) {
	first := l.next - uint64(len(records))
	if syncErr != nil {
		l.next, l.broken = first, l.active().undo(l.before) != nil
		l.reader.skipTo(l.reader.next)
		return
	}
	for i, r := range records {
		r.log, r.id = l, first+uint64(i)
	}
	l.synced = l.next
}

// segmentFor returns the segment for the next record, a new one if need be.
func (l *segmentLog) segmentFor() (*segment, error) {
	s := l.active()
	if s == nil || l.broken || (l.next > s.first && (s.size >= l.limit || l.next-s.first >= l.limitRecords)) {
		return l.roll()
	}
	return s, nil
}

// roll begins a new segment.
func (l *segmentLog) roll() (*segment, error) {
	if n := len(l.segments); n > 0 && l.segments[n-1].first == l.next { // it has no record, and the new one gets its name
		if err := l.remove(n - 1); err != nil {
			return nil, err
		}
	}
	last := l.active()
	s, err := createSegment(l.fs, l.dir, l.next, l.state())
	if err != nil {
		return nil, err
	}
	if l.broken { // the reader may have loaded frames that are ignored from now on
		l.reader.skipTo(l.reader.next)
		l.broken = false
	}
	l.setSegments(append(l.segments, s))
	if last != nil {
		err = last.close()
	}
	return s, err
}

func (l *segmentLog) state() []byte { return appendBytes(l.done.appendTo(nil), l.memo()) }

// noteState writes the memo as it is now, and syncs it.
func (l *segmentLog) noteState() error {
	s := l.active()
	if s == nil {
		var err error
		if s, err = l.roll(); err != nil {
			return err
		}
	} else {
		f := frame{kind: stateFrame, id: s.first, payload: l.state()}
		if err := s.append(f.appendTo(nil)); err != nil {
			s.wipe()
			return err
		}
	}
	return s.file.Sync()
}

func (l *segmentLog) remove(i int) error {
	s := l.segments[i]
	if err := errors.Join(s.close(), l.fs.Remove(s.path)); err != nil {
		return fmt.Errorf("a segment of the outbox cannot be removed: %w", err)
	}
	l.setSegments(slices.Delete(l.segments, i, i+1))
	if l.reader.segment == s {
		l.reader = reader{next: l.reader.next}
	}
	return nil
}

// finish notes that records are done, and removes the segments that are no longer needed. The note is not synced by itself, but
// with the next append: a power cut in between repeats records and loses none. So an error of it is no harm either.
func (l *segmentLog) finish(ids []uint64) {
	slices.Sort(ids)
	spans := spansOf(ids)
	l.done.addSpans(spans)
	if s := l.active(); s != nil {
		note := frame{kind: doneFrame, payload: appendSpans(nil, spans)}
		_ = s.append(note.appendTo(nil))
	} else {
		_, _ = l.roll() // its state says what is done
	}
	l.removeDone()
}

func (l *segmentLog) removeDone() {
	for len(l.segments) > 1 && l.done.hasAll(l.segments[0].first, l.segments[1].first-1) {
		if l.remove(0) != nil {
			return
		}
	}
}

// dropOldest gives up the oldest segment and returns which ids, and how many of them were waiting.
func (l *segmentLog) dropOldest() (dropped span, waiting uint64, err error) {
	if len(l.segments) == 1 {
		if _, err := l.roll(); err != nil {
			return span{}, 0, err
		}
	}
	if len(l.segments) < 2 {
		return span{}, 0, errors.New("the outbox has nothing to drop")
	}
	dropped = span{l.segments[0].first, l.segments[1].first - 1}
	waiting = dropped.to - dropped.from + 1 - l.done.count(dropped.from, dropped.to)
	if err := l.remove(0); err != nil {
		return span{}, 0, err
	}
	if err := l.fs.SyncDir(l.dir); err != nil { // back after a power cut, they would come after newer ones
		return span{}, 0, err
	}
	l.done.add(dropped.from, dropped.to)
	l.reader.skipTo(max(l.reader.next, dropped.to+1))
	return dropped, waiting, nil
}

// waiting is how many records are not done.
func (l *segmentLog) waiting() uint64 {
	if l.synced <= 1 {
		return 0
	}
	return l.synced - 1 - l.done.count(1, l.synced-1)
}

// setSegments adds up what they take only when they change, so that an append costs the same with a long backlog.
func (l *segmentLog) setSegments(segments []*segment) {
	l.segments, l.sealed = segments, 0
	for i := range len(segments) - 1 {
		l.sealed += segments[i].filled
	}
}

// bytes is what the log takes of the disk.
func (l *segmentLog) bytes() int64 {
	if len(l.segments) == 0 {
		return 0
	}
	return l.sealed + l.segments[len(l.segments)-1].filled
}

// close syncs what is done, so that a restart repeats nothing.
func (l *segmentLog) close() error {
	s := l.active()
	if s == nil {
		return nil
	}
	return errors.Join(s.file.Sync(), s.close())
}
