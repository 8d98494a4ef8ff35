package outbox

import "slices"

// reader is the place in a log up to which its records are in memory.
type reader struct {
	// next is the id of the next record.
	next uint64
	// segment is the one that is read, nil before the first; frames are loaded and wait; offset is behind them.
	segment *segment
	frames  []frame
	offset  int64
	damaged []damage
}

// skipTo goes on with a later record.
func (r *reader) skipTo(next uint64) { *r = reader{next: next} }

// unread tells whether there are records behind the reader.
func (l *segmentLog) unread() bool { return l.reader.next < l.synced }

// read returns the next records that are not done, at most max, and the next one at least if it is larger than maxBytes.
func (l *segmentLog) read(most, maxBytes int) []*Record {
	var records []*Record
	for size := 0; len(records) < most && size < maxBytes && l.unread(); {
		f, found := l.nextFrame()
		if !found {
			continue
		}
		r, err := readRecord(f.payload)
		if err != nil { // its checksum is right: written by another version
			l.lost(f.id, f.id, f.payload)
			continue
		}
		r.log, r.id = l, f.id
		records = append(records, r)
		size += r.size()
	}
	return records
}

// nextFrame returns the next record's frame if it is loaded, and else takes one step towards it.
func (l *segmentLog) nextFrame() (frame, bool) {
	r := &l.reader
	if len(r.frames) == 0 {
		l.load()
		return frame{}, false
	}
	f := r.frames[0]
	if f.kind == recordFrame && f.id >= l.synced { // written, but not synced yet; to be loaded again
		l.miss(l.synced)
		r.skipTo(l.synced)
		return frame{}, false
	}
	r.frames = r.frames[1:]
	if f.kind != recordFrame || f.id < r.next {
		return frame{}, false
	}
	l.miss(f.id)
	r.next = f.id + 1
	return f, !l.done.has(f.id)
}

// load reads more of the segment, or begins the next one.
func (l *segmentLog) load() {
	r := &l.reader
	i := l.segmentOf(r.next)
	if i < 0 && len(l.segments) > 0 { // its segment was removed: all of it is done
		l.miss(l.segments[0].first)
		return
	}
	if i < 0 {
		l.miss(l.synced)
		return
	}
	s := l.segments[i]
	switch {
	case r.segment != s:
		*r = reader{next: r.next, segment: s}
	case r.offset < s.size: // appended to since
	case i+1 < len(l.segments):
		l.miss(l.segments[i+1].first)
		return
	default:
		l.miss(l.synced)
		return
	}
	frames, damaged, err := s.frames(l.fs, r.offset)
	if err != nil {
		damaged = append(damaged, damage{r.offset, []byte(err.Error())})
	}
	r.frames, r.damaged = l.without(frames, i), damaged
	r.offset = s.size
}

// segmentOf is the index of the segment that holds a record.
func (l *segmentLog) segmentOf(id uint64) int {
	for i, s := range slices.Backward(l.segments) {
		if s.first <= id {
			return i
		}
	}
	return -1
}

// miss goes on to the record until; those between are lost, unless they are done.
func (l *segmentLog) miss(until uint64) {
	if l.reader.next < until {
		l.lost(l.reader.next, until-1, nil)
		l.reader.next = until
	}
}

// lost reports records that cannot be read, and has them done: they hold up nobody.
func (l *segmentLog) lost(from, to uint64, bytes []byte) {
	records := to - from + 1 - l.done.count(from, to)
	if records == 0 {
		return
	}
	at := ""
	if s := l.reader.segment; s != nil {
		at = s.path
	}
	for _, d := range l.reader.damaged {
		bytes = append(bytes, d.bytes...)
	}
	l.reader.damaged = nil
	l.done.add(from, to)
	l.damaged(records, at, bytes)
	l.removeDone()
}
