package outbox

import (
	"fmt"
	"slices"

	"github.com/telegraf-station/telegraf-station/internal/record"
)

// logEnd is what the end of a log holds when it is opened.
type logEnd struct {
	// ownerState is the newest intact one; nil if there is none.
	ownerState []byte
	// records come after that state.
	records []*Record
	// damaged is true if part of the last append is damaged or missing. Either its append was torn and never returned, or the records
	// were synced; it is not known which. salvaged are the intact records after the damage.
	damaged  bool
	salvaged []*Record
	// gaps is true if records are missing, so that their sequence numbers are not known.
	gaps bool
}

// open reads the end of the log. It changes nothing: new records go into a new segment, and damaged data stays as it is.
func (l *segmentLog) open() (*logEnd, error) {
	segments, err := findSegments(l.fs, l.dir)
	if err != nil {
		return nil, fmt.Errorf("cannot read the outbox: %w", err)
	}
	l.setSegments(segments)
	l.next, l.synced = 1, 1
	l.reader.moveTo(1)
	if len(segments) == 0 {
		return &logEnd{}, nil
	}
	if first := segments[0].first; first > 1 {
		l.done.Add(record.Range{From: 1, To: first - 1})
	}
	contents, err := l.lastContents()
	if err != nil {
		return nil, fmt.Errorf("cannot read the outbox: %w", err)
	}
	for _, c := range contents { // a record that a killed process wrote may be delivered from now on: a power cut must not remove it
		c.segment.sync(l.fs)
	}
	end, highest := l.restore(contents)
	l.next = max(segments[len(segments)-1].first, l.done.Highest()+1, highest+1)
	l.synced = l.next
	l.reader.moveTo(doneBelow(l.done) + 1)
	l.removeDone()
	return end, nil
}

// skipTo makes next the lowest id of new records, if lower ones could still be given.
func (l *segmentLog) skipTo(next uint64) {
	if l.next < next {
		l.done.Add(record.Range{From: l.next, To: next - 1})
		l.next, l.synced = next, next
	}
}

// content is what a segment holds.
type content struct {
	segment *segment
	frames  []frame
	damaged []damage
}

func (c content) records() (records []frame) {
	for _, f := range c.frames {
		if f.kind == recordFrame {
			records = append(records, f)
		}
	}
	return records
}

// truncated reports whether the end of the last segment is missing: a segment begins with a state, and is filled in full steps.
func (c content) truncated() bool { return !c.has(stateFrame) || c.segment.filled%zeroAhead != 0 }

func (c content) has(kind byte) bool {
	return slices.ContainsFunc(c.frames, func(f frame) bool { return f.kind == kind })
}

// lastContents reads backward from the last segment until it has an intact state and a record. It returns the oldest segment first.
func (l *segmentLog) lastContents() (contents []content, err error) {
	state, record := false, false
	for i := len(l.segments) - 1; i >= 0 && (!state || !record); i-- {
		c, err := l.contentOf(i, 0)
		if err != nil {
			return nil, err
		}
		state, record = state || c.has(stateFrame), record || c.has(recordFrame)
		contents = append(contents, c)
	}
	slices.Reverse(contents)
	return contents, nil
}

// contentOf returns what segment i holds after an offset, without the records that a failed append left: the next segment begins with
// their ids. It returns an error if reading may succeed later.
func (l *segmentLog) contentOf(i int, offset int64) (content, error) {
	c := content{segment: l.segments[i]}
	var err error
	if c.frames, c.damaged, err = c.segment.read(l.fs, offset); err != nil {
		if err := unlessDamaged(err); err != nil {
			return c, err
		}
		c.damaged = append(c.damaged, damage{offset, []byte(err.Error())})
	}
	if i+1 < len(l.segments) {
		c.frames = slices.DeleteFunc(c.frames, func(f frame) bool { return f.kind == recordFrame && f.id >= l.segments[i+1].first })
	}
	return c, nil
}

// restore continues with the newest state and the frames after it.
func (l *segmentLog) restore(contents []content) (end *logEnd, highest uint64) {
	end = &logEnd{}
	for _, c := range contents {
		end.gaps = end.gaps || len(c.damaged) > 0 || hasGaps(c.records())
		for _, f := range c.frames {
			switch f.kind {
			case stateFrame:
				l.restoreState(f.payload, end)
			case doneFrame:
				d := decoder{data: f.payload}
				l.addDone(d.ranges())
			case recordFrame:
				highest = max(highest, f.id)
				if r, err := readRecord(f.payload); err == nil {
					r.id = f.id
					end.records = append(end.records, r)
				}
			}
		}
	}
	end.damaged = contents[len(contents)-1].truncated()
	for _, c := range slices.Backward(contents) {
		if l.checkLastAppend(c, end) {
			break
		}
	}
	return end, highest
}

func (l *segmentLog) restoreState(data []byte, end *logEnd) {
	d := decoder{data: data}
	done := d.done()
	ownerState := d.bytes()
	if d.err != nil {
		return
	}
	l.addDone(done)
	end.ownerState, end.records = append([]byte{}, ownerState...), nil
}

// checkLastAppend looks for damage in or after the last append of a segment. It returns false if the segment has no record.
// Damage before the last append affects synced records: the reader reports it.
func (l *segmentLog) checkLastAppend(c content, end *logEnd) bool {
	records := c.records()
	if len(records) == 0 {
		end.damaged = end.damaged || len(c.damaged) > 0
		return false
	}
	last := records[len(records)-1]
	if n := len(c.damaged); n > 0 && c.damaged[n-1].offset > last.offset {
		end.damaged = true
	}
	after, missing := lastAppendGap(records)
	if len(after) == 0 {
		return true
	}
	kind := salvage
	if l.afterGap != nil {
		kind = l.afterGap(after[0])
	}
	if kind == synced {
		return true
	}
	end.damaged = true
	l.addDone(missing)
	if kind != keep {
		l.removeAfterGap(after, kind, end)
	}
	return true
}

// gap is the kind of a gap in the last append of a log.
type gap int

const (
	// salvage: it is not known whether the append returned. The records after the gap are to be appended again with new numbers.
	salvage gap = iota
	// keep: it is not known either, but the records stay where they are, since newer ones may be in the main log.
	keep
	// forget: the append was a copy of records that are still in the main log.
	forget
	// synced: the append was synced, and the records in the gap are lost.
	synced
)

func (l *segmentLog) removeAfterGap(after []frame, kind gap, end *logEnd) {
	for _, f := range after {
		r, err := readRecord(f.payload)
		if err != nil || l.isDone(f.id) {
			continue
		}
		r.id = f.id
		if kind == salvage {
			end.salvaged = append(end.salvaged, r)
			continue
		}
		l.done.Add(record.Single(f.id))
		end.records = slices.DeleteFunc(end.records, func(other *Record) bool { return other.id == f.id })
	}
}

// lastAppendGap returns the records of the last append after a missing one, and the missing ids.
func lastAppendGap(records []frame) (after []frame, missing []record.Range) {
	last := records[len(records)-1]
	expected := last.id - uint64(last.index)
	for _, f := range records {
		if f.id < expected {
			continue
		}
		if f.id > expected {
			missing = append(missing, record.Range{From: expected, To: f.id - 1})
		}
		if len(missing) > 0 {
			after = append(after, f)
		}
		expected = f.id + 1
	}
	return after, missing
}

// hasGaps reports whether records are missing between others.
func hasGaps(records []frame) bool {
	for i := 1; i < len(records); i++ {
		if records[i].id != records[i-1].id+1 {
			return true
		}
	}
	return false
}
