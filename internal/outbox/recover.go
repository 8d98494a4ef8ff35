package outbox

import (
	"fmt"
	"slices"
)

// tail is what is found at the end of a log when it is opened.
type tail struct {
	// memo is the newest sound one; nil if there is none.
	memo []byte
	// records came after that memo.
	records []*Record
	// unsure says that something of the last append is damaged. That was a torn append, which nobody was promised, or records
	// that were: nobody can tell. salvaged are the sound records behind the damage.
	unsure   bool
	salvaged []*Record
	// holes says that records are missing, so that the numbers they had are not known.
	holes bool
}

// open reads the end of the log. It changes nothing: what comes next goes into a new segment, and what is damaged stays as it is.
func (l *segmentLog) open() (*tail, error) {
	segments, err := findSegments(l.fs, l.dir)
	if err != nil {
		return nil, fmt.Errorf("the outbox cannot be read: %w", err)
	}
	l.setSegments(segments)
	l.next, l.synced = 1, 1
	l.reader = reader{next: 1}
	if len(segments) == 0 {
		return &tail{}, nil
	}
	l.done.add(1, segments[0].first-1)
	all := l.scanBack()
	for _, s := range all { // what a killed process had written is as good as promised once it is read; a power cut shall not undo it
		s.segment.sync(l.fs)
	}
	t, highest := l.replay(all)
	l.next = max(segments[len(segments)-1].first, l.done.highest()+1, highest+1)
	l.synced = l.next
	l.reader = reader{next: l.done.below + 1}
	l.removeDone()
	return t, nil
}

// scanned is a segment's content.
type scanned struct {
	segment *segment
	frames  []frame
	damaged []damage
}

// scanBack reads from the last segment back to one with a sound state and to one with a record; oldest first.
func (l *segmentLog) scanBack() []scanned {
	var all []scanned
	state, record := false, false
	for i := len(l.segments) - 1; i >= 0 && (!state || !record); i-- {
		s := l.scanSegment(i)
		for _, f := range s.frames {
			state = state || f.kind == stateFrame
			record = record || f.kind == recordFrame
		}
		all = append([]scanned{s}, all...)
	}
	return all
}

func (l *segmentLog) scanSegment(i int) scanned {
	s := scanned{segment: l.segments[i]}
	var err error
	if s.frames, s.damaged, err = s.segment.frames(l.fs, 0); err != nil {
		s.damaged = []damage{{0, []byte(err.Error())}}
	}
	s.frames = l.without(s.frames, i)
	return s
}

// without leaves out the records that a failed append left behind: the next segment begins with their ids.
func (l *segmentLog) without(frames []frame, i int) []frame {
	if i+1 >= len(l.segments) {
		return frames
	}
	kept := frames[:0]
	for _, f := range frames {
		if f.kind != recordFrame || f.id < l.segments[i+1].first {
			kept = append(kept, f)
		}
	}
	return kept
}

// replay takes the newest state and what follows it.
func (l *segmentLog) replay(all []scanned) (t *tail, highest uint64) {
	t = &tail{}
	for _, s := range all {
		t.holes = t.holes || len(s.damaged) > 0 || holes(recordFrames(s.frames))
		for _, f := range s.frames {
			switch f.kind {
			case stateFrame:
				l.takeState(f.payload, t)
			case doneFrame:
				p := payload{data: f.payload}
				l.done.addSpans(p.spans())
			case recordFrame:
				highest = max(highest, f.id)
				if r, err := readRecord(f.payload); err == nil {
					r.id = f.id
					t.records = append(t.records, r)
				}
			}
		}
	}
	for _, s := range slices.Backward(all) {
		if l.judge(s, t) {
			break
		}
	}
	return t, highest
}

func (l *segmentLog) takeState(data []byte, t *tail) {
	p := payload{data: data}
	done := p.idSet()
	memo := p.bytes()
	if p.err != nil {
		return
	}
	l.done.addAll(done)
	t.memo, t.records = append([]byte{}, memo...), nil
}

// judge looks for damage in or behind the last append of a segment, and returns whether the segment has a record.
// Damage before the last append is of synced records; the reader tells of it.
func (l *segmentLog) judge(s scanned, t *tail) bool {
	records := recordFrames(s.frames)
	if len(records) == 0 {
		t.unsure = t.unsure || len(s.damaged) > 0
		return false
	}
	last := records[len(records)-1]
	if n := len(s.damaged); n > 0 && s.damaged[n-1].offset > last.offset {
		t.unsure = true
	}
	behind, missing := behindHole(records)
	if len(behind) == 0 {
		return true
	}
	what := salvage
	if l.behindHole != nil {
		what = l.behindHole(behind[0])
	}
	if what == promised {
		return true
	}
	t.unsure = true
	l.done.addSpans(missing)
	l.takeOut(behind, what, t)
	return true
}

// verdict is what a hole in the last append of a log is.
type verdict int

const (
	// salvage: nobody can tell whether the append was promised; the records behind the hole are appended anew, with new numbers.
	salvage verdict = iota
	// keep: nobody can tell, and they stay where they are, since newer ones may be in the main log.
	keep
	// forget: the append was a copy of what is still in the main log.
	forget
	// promised: the append was synced; the records in the hole are lost.
	promised
)

func (l *segmentLog) takeOut(behind []frame, what verdict, t *tail) {
	for _, f := range behind {
		r, err := readRecord(f.payload)
		if err != nil || what == keep || l.done.has(f.id) {
			continue
		}
		r.id = f.id
		l.done.add(f.id, f.id)
		if what == salvage {
			t.salvaged = append(t.salvaged, r)
			continue
		}
		t.records = slices.DeleteFunc(t.records, func(other *Record) bool { return other.id == f.id })
	}
}

// behindHole returns the records of the last append that come after a missing one, and the ids that are missing.
func behindHole(records []frame) (behind []frame, missing []span) {
	last := records[len(records)-1]
	expected := last.id - uint64(last.index)
	for _, f := range records {
		if f.id < expected {
			continue
		}
		if f.id > expected {
			missing = append(missing, span{expected, f.id - 1})
		}
		if len(missing) > 0 {
			behind = append(behind, f)
		}
		expected = f.id + 1
	}
	return behind, missing
}

// holes tells whether records are missing between the others.
func holes(records []frame) bool {
	for i := 1; i < len(records); i++ {
		if records[i].id != records[i-1].id+1 {
			return true
		}
	}
	return false
}

func recordFrames(frames []frame) []frame {
	var records []frame
	for _, f := range frames {
		if f.kind == recordFrame {
			records = append(records, f)
		}
	}
	return records
}
