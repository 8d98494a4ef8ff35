package outbox

import (
	"fmt"
	"slices"

	"github.com/telegraf-station/telegraf-station/internal/record"
)

// reader is the position in a log up to which its records have been read.
type reader struct {
	// next is the id of the next record.
	next uint64
	// segment is being read; nil at first. frames are loaded and not returned yet; offset is after them.
	segment *segment
	frames  []frame
	offset  int64
	damaged []damage
}

// moveTo continues at another record, or discards what is loaded.
func (r *reader) moveTo(next uint64) { *r = reader{next: next} }

// unread reports whether the log has records after the reader.
func (l *segmentLog) unread() bool { return l.reader.next < l.synced }

// read returns the next records that are not done: up to limit, and until they have maxBytes. An error comes with those before it.
func (l *segmentLog) read(limit, maxBytes int) (records []*Record, err error) {
	for size := 0; len(records) < limit && size < maxBytes && l.unread(); {
		f, found, err := l.nextFrame()
		if err != nil {
			return records, fmt.Errorf("cannot read the outbox: %w", err)
		}
		if !found {
			continue
		}
		r, err := readRecord(f.payload)
		if err != nil { // its checksum is correct: another version wrote it
			l.reportLost(record.Single(f.id), f.payload)
			continue
		}
		r.log, r.id = l, f.id
		records = append(records, r)
		size += r.size()
	}
	return records, nil
}

// nextFrame returns the frame of the next record if it is loaded. Otherwise it takes one step toward it.
func (l *segmentLog) nextFrame() (next frame, found bool, err error) {
	r := &l.reader
	if len(r.frames) == 0 {
		return frame{}, false, l.load()
	}
	f := r.frames[0]
	if f.kind == recordFrame && f.id >= l.synced { // written but not synced yet: load it again later
		l.skipMissing(l.synced)
		r.moveTo(l.synced)
		return frame{}, false, nil
	}
	r.frames = r.frames[1:]
	if f.kind != recordFrame || f.id < r.next {
		return frame{}, false, nil
	}
	l.skipMissing(f.id)
	r.next = f.id + 1
	return f, !l.isDone(f.id), nil
}

// load reads more of the segment, or moves to the next one.
func (l *segmentLog) load() error {
	r := &l.reader
	i := l.segmentOf(r.next)
	if i < 0 && len(l.segments) > 0 { // its segment was removed because all of it was done
		l.skipMissing(l.segments[0].first)
		return nil
	}
	if i < 0 {
		l.skipMissing(l.synced)
		return nil
	}
	s := l.segments[i]
	switch {
	case r.segment != s:
		*r = reader{next: r.next, segment: s}
	case r.offset < s.size: // appended to since
	case i+1 < len(l.segments):
		l.skipMissing(l.segments[i+1].first)
		return nil
	default:
		l.skipMissing(l.synced)
		return nil
	}
	content, err := l.contentOf(i, r.offset)
	if err != nil {
		return err
	}
	r.frames, r.damaged, r.offset = content.frames, content.damaged, s.size
	return nil
}

// segmentOf returns the index of the segment that holds a record.
func (l *segmentLog) segmentOf(id uint64) int {
	for i, s := range slices.Backward(l.segments) {
		if s.first <= id {
			return i
		}
	}
	return -1
}

// skipMissing moves on to the record until. Those before it are lost, unless they are done.
func (l *segmentLog) skipMissing(until uint64) {
	if l.reader.next < until {
		l.reportLost(record.Range{From: l.reader.next, To: until - 1}, nil)
		l.reader.next = until
	}
}

// reportLost reports unreadable records and marks them as done, so that they do not block others.
func (l *segmentLog) reportLost(ids record.Range, bytes []byte) {
	records := ids.Count() - l.done.Count(ids)
	if records == 0 {
		return
	}
	segment := ""
	if s := l.reader.segment; s != nil {
		segment = s.path
	}
	for _, d := range l.reader.damaged {
		bytes = append(bytes, d.bytes...)
	}
	l.reader.damaged = nil
	l.done.Add(ids)
	l.damaged(records, segment, bytes)
	l.removeDone()
}
