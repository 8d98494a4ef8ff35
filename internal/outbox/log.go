package outbox

import (
	"errors"
	"fmt"
	"slices"

	"github.com/telegraf-station/telegraf-station/internal/record"
)

// segmentLog is an ordered log of records in segments, with the set of those that are done. The ids of its records increase by one.
// It is not safe for concurrent use.
type segmentLog struct {
	fs  filesystem
	dir string
	// A segment that reaches maxBytes or maxRecords is followed by a new one.
	maxBytes   int64
	maxRecords uint64
	// ownerState returns the state that the owner of the log stores at the beginning of each segment.
	ownerState func() []byte
	// afterGap classifies a gap in the last append by the first record after it; nil: salvage.
	afterGap func(frame) gap
	// damaged is called for records that cannot be read.
	damaged func(records uint64, segment string, bytes []byte)

	segments []*segment
	// sealed is the disk usage of all segments but the last.
	sealed int64
	// next is the id of the next record to be appended; those below synced can be read.
	next, synced uint64
	done         record.RangeSet
	reader       reader
	// lastWrite is where the last write begins in its segment. broken is true after a failed sync that could not be undone: what the
	// segment holds there is unknown, so it gets no more data, and the next segment begins with the same id.
	lastWrite int64
	broken    bool
}

// active returns the segment that is appended to, or nil after opening.
func (l *segmentLog) active() *segment {
	if n := len(l.segments); n > 0 && l.segments[n-1].file != nil {
		return l.segments[n-1]
	}
	return nil
}

// write appends records. The caller must then sync the active segment, and set synced or call undoWrite. After an error nothing has changed.
func (l *segmentLog) write(records []*Record) error {
	s, err := l.segmentForAppend()
	if err != nil {
		return err
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
		return err
	}
	l.next += uint64(len(records))
	l.lastWrite = s.size - int64(len(data))
	return nil
}

// undoWrite removes the records of the last write.
func (l *segmentLog) undoWrite(records int) {
	l.next -= uint64(records) //nolint:gosec // not negative
	l.broken = l.active().undo(l.lastWrite) != nil
	l.reader.moveTo(l.reader.next)
}

// segmentForAppend returns the segment for the next record. It is a new one if that is due.
func (l *segmentLog) segmentForAppend() (*segment, error) {
	s := l.active()
	if s == nil || l.broken || (l.next > s.first && (s.size >= l.maxBytes || l.next-s.first >= l.maxRecords)) {
		return l.startSegment()
	}
	return s, nil
}

func (l *segmentLog) startSegment() (*segment, error) {
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
	if l.broken { // the reader may have loaded frames that no longer count
		l.reader.moveTo(l.reader.next)
		l.broken = false
	}
	l.setSegments(append(l.segments, s))
	if last != nil {
		err = last.close()
	}
	return s, err
}

func (l *segmentLog) state() []byte { return appendBytes(appendDone(nil, l.done), l.ownerState()) }

// writeState writes and syncs the current state.
func (l *segmentLog) writeState() error {
	s := l.active()
	var err error
	if s == nil {
		s, err = l.startSegment()
	} else {
		f := frame{kind: stateFrame, id: s.first, payload: l.state()}
		err = s.append(f.appendTo(nil))
	}
	if err != nil {
		return err
	}
	return s.file.Sync()
}

func (l *segmentLog) remove(i int) error {
	s := l.segments[i]
	if err := errors.Join(s.close(), l.fs.Remove(s.path)); err != nil {
		return fmt.Errorf("cannot remove an outbox segment: %w", err)
	}
	l.setSegments(slices.Delete(l.segments, i, i+1))
	if l.reader.segment == s {
		l.reader.moveTo(l.reader.next)
	}
	return nil
}

// markDone notes that records need no more delivery, and removes the segments that are no longer needed. The note is not synced on its
// own but with the next append: a power cut before that repeats records and loses none. So an error here does no harm either.
func (l *segmentLog) markDone(ids []uint64) {
	if len(ids) == 0 {
		return
	}
	ranges := record.NewRangeSet(ids...)
	l.addDone(ranges)
	if s := l.active(); s != nil {
		f := frame{kind: doneFrame, payload: appendRanges(nil, ranges)}
		_ = s.append(f.appendTo(nil))
	} else {
		_, _ = l.startSegment() // its state includes them
	}
	l.removeDone()
}

func (l *segmentLog) addDone(ranges []record.Range) {
	for _, r := range ranges {
		l.done.Add(r)
	}
}

func (l *segmentLog) isDone(id uint64) bool { return l.done.Contains(record.Single(id)) }

func (l *segmentLog) removeDone() {
	for len(l.segments) > 1 && l.done.Contains(record.Range{From: l.segments[0].first, To: l.segments[1].first - 1}) {
		if l.remove(0) != nil {
			return
		}
	}
}

// dropOldest drops the oldest segment. It returns the ids of its records and how many of them were pending.
func (l *segmentLog) dropOldest() (dropped record.Range, pending uint64, err error) {
	if len(l.segments) == 1 {
		if _, err := l.startSegment(); err != nil {
			return dropped, 0, err
		}
	}
	if len(l.segments) < 2 {
		return dropped, 0, errNothingToDrop
	}
	dropped = record.Range{From: l.segments[0].first, To: l.segments[1].first - 1}
	pending = dropped.Count() - l.done.Count(dropped)
	if err := l.remove(0); err != nil {
		return dropped, 0, err
	}
	if err := l.fs.SyncDir(l.dir); err != nil { // if a power cut brought them back, they would come after newer ones
		return dropped, 0, err
	}
	l.done.Add(dropped)
	l.reader.moveTo(max(l.reader.next, dropped.To+1))
	return dropped, pending, nil
}

// firstRecords returns the pending records of the oldest segment that can be read.
func (l *segmentLog) firstRecords() (records []*Record) {
	oldest, _ := l.contentOf(0, 0) // what cannot be read is not listed
	for _, f := range oldest.records() {
		if r, err := readRecord(f.payload); err == nil && !l.isDone(f.id) {
			records = append(records, r)
		}
	}
	return records
}

// pending counts the records that are not done.
func (l *segmentLog) pending() uint64 {
	if l.synced <= 1 {
		return 0
	}
	all := record.Range{From: 1, To: l.synced - 1}
	return all.Count() - l.done.Count(all)
}

// setSegments adds up their disk usage only when they change, so that a long backlog does not slow down appends.
func (l *segmentLog) setSegments(segments []*segment) {
	l.segments, l.sealed = segments, 0
	for i := range len(segments) - 1 {
		l.sealed += segments[i].filled
	}
}

// bytes returns the disk usage of the log.
func (l *segmentLog) bytes() int64 {
	if len(l.segments) == 0 {
		return 0
	}
	return l.sealed + l.segments[len(l.segments)-1].filled
}

// close syncs the notes of markDone, so that nothing is repeated after a restart.
func (l *segmentLog) close() error {
	s := l.active()
	if s == nil {
		return nil
	}
	return errors.Join(s.file.Sync(), s.close())
}
