package outbox

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/telegraf-station/telegraf-station/internal/record"
)

// topicLogPrefix begins the names of the directories of topic logs.
const topicLogPrefix = "queue-"

// topicLog is the log of a topic that cannot be delivered while others can. Its records were moved there from the main log to free memory.
type topicLog struct {
	segmentLog
	// newest is the highest id that one of its records had in the main log. A crash while records are moved leaves them in both logs.
	newest uint64
}

// topicOfDir returns the topic whose log a directory holds. Others may have made directories with similar names.
func topicOfDir(name string) (topic string, ok bool) {
	topic, ok = strings.CutPrefix(name, topicLogPrefix)
	return topic, ok && record.CheckTopic(topic) == nil
}

// newTopicLog returns the log for records that come from the main log.
func (o *Outbox) newTopicLog(topic string, main *segmentLog) *topicLog {
	l := &topicLog{}
	l.segmentLog = o.newLog(topicLogPrefix+topic, func() []byte {
		return append(binary.AppendUvarint(nil, l.newest), o.sequenceState()...)
	})
	l.afterGap = func(f frame) gap {
		switch r, err := readRecord(f.payload); {
		case err != nil || r.origin == 0:
			return keep
		case main.isDone(r.origin): // which is noted only once the copies are synced
			return synced
		}
		return forget
	}
	return l
}

// readTopicLogs adds the existing topic logs to those of the directory. What is not a directory with segments is none.
func (o *Outbox) readTopicLogs(all logs) error {
	names, err := o.fs.Names(o.options.Dir)
	if err != nil {
		return fmt.Errorf("cannot read the outbox: %w", err)
	}
	for _, dir := range names {
		name, ok := topicOfDir(dir)
		if !ok {
			continue
		}
		l := o.newTopicLog(name, all.main)
		end, err := l.open()
		if err != nil {
			return err
		}
		if len(l.segments) == 0 {
			continue
		}
		l.restore(end)
		all.topics[name], all.ends[&l.segmentLog] = l, end
	}
	return nil
}

// restore continues with what the end of the log holds.
func (l *topicLog) restore(end *logEnd) {
	d := decoder{data: end.ownerState}
	if len(end.ownerState) > 0 {
		l.newest = d.uvarint()
		end.ownerState = d.data
	}
	for _, r := range end.records {
		l.newest = max(l.newest, r.origin)
	}
}

func (o *Outbox) setLog(name string, l *topicLog) {
	o.mu.Lock()
	defer o.mu.Unlock()
	t := o.topic(name)
	t.log = l
	o.separate = append(o.separate, t)
	o.notify(t.name)
}

// moveStalled makes room in memory for topics that can be delivered. It reports whether there is more room now.
func (o *Outbox) moveStalled() bool {
	before, _ := o.room()
	for _, t := range o.stalledInMemory() {
		l := o.newTopicLog(t.name, o.main)
		if o.makeDir(l.dir) != nil {
			continue
		}
		if _, err := l.open(); err == nil {
			o.setLog(t.name, l)
			o.moveReady(t)
		}
	}
	after, _ := o.room()
	return after > before
}

func (o *Outbox) stalledInMemory() []*topic {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(o.stalled), func(t *topic) bool { return t.log != nil || len(t.ready) == 0 })
}

// moveReady moves the records that are ready in memory to the topic's own log.
func (o *Outbox) moveReady(t *topic) {
	o.mu.Lock()
	t.unmoved, t.ready = t.ready, nil
	o.mu.Unlock()
	o.moveToOwnLog(t)
}

// moveToOwnLog moves a topic's unmoved records from the main log to its own. If that fails, as on a full disk, they stay in memory.
func (o *Outbox) moveToOwnLog(t *topic) {
	unmoved := o.takeUnmoved(t)
	if len(unmoved) == 0 {
		return
	}
	copies, ids := make([]*Record, 0, len(unmoved)), make([]uint64, 0, len(unmoved))
	for _, r := range unmoved {
		c := *r
		c.origin = r.id
		copies, ids = append(copies, &c), append(ids, r.id)
	}
	err := writeSynced([]*part{{&t.log.segmentLog, copies}})
	o.mu.Lock()
	if err != nil {
		t.unmoved = unmoved
	} else {
		t.log.newest = max(t.log.newest, ids[len(ids)-1])
		for _, r := range unmoved {
			o.count(r, -1)
		}
	}
	o.notify(t.name)
	o.mu.Unlock()
	if err == nil {
		o.main.markDone(ids)
	}
}

// takeUnmoved returns the unmoved records of a topic, if they can be moved now.
func (o *Outbox) takeUnmoved(t *topic) (unmoved []*Record) {
	o.mu.Lock()
	defer o.mu.Unlock()
	onlyInMemory := func(r *Record) bool { return r.log != o.main }
	if len(t.unmoved) == 0 || t.hasEarlier() || slices.ContainsFunc(t.unmoved, onlyInMemory) {
		return nil
	}
	unmoved, t.unmoved = t.unmoved, nil
	return unmoved
}

// hasEarlier reports whether records of the main log come before those in the topic's own log, as after a failed write. Until they are
// delivered no others may enter that log, or a crash would change the order.
func (t *topic) hasEarlier() bool {
	own := &t.log.segmentLog
	return len(t.inFlight) > 0 && t.inFlight[0].log != own || len(t.ready) > 0 && t.ready[0].log != own
}

// fillFromOwnLog makes the next records of a topic ready that Next asked for.
func (o *Outbox) fillFromOwnLog(t *topic) {
	o.mu.Lock()
	limit, maxBytes := t.wanted, t.wantedBytes
	empty := len(t.ready) == 0
	o.mu.Unlock()
	if limit == 0 || !empty {
		return
	}
	var records []*Record
	if t.log.unread() {
		var err error
		if records, err = t.log.read(limit, maxBytes); err != nil {
			o.reportUnreadable(err)
		}
		if err != nil && len(records) == 0 {
			return
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	t.wanted = 0
	for _, r := range records {
		o.push(t, r)
	}
	if len(records) == 0 && len(t.unmoved) > 0 {
		t.ready, t.unmoved = append(t.ready, t.unmoved...), nil
		o.notify(t.name)
	}
}

// removeEmptyLog removes the log of a topic that has nothing left: its next records go to the main log again.
func (o *Outbox) removeEmptyLog(t *topic) {
	l := t.log
	if l == nil || l.pending() > 0 || l.next != l.synced || o.inMemory(t) {
		return
	}
	if o.main.writeState() != nil { // the sequence numbers of its records are stored nowhere else
		return
	}
	o.writeNote(slices.DeleteFunc(o.logs(), func(other *segmentLog) bool { return other == &l.segmentLog }), o.fs.BootID())
	for len(l.segments) > 0 {
		if l.remove(len(l.segments)-1) != nil {
			return
		}
	}
	if err := o.fs.Remove(l.dir); err == nil || errors.Is(err, os.ErrNotExist) {
		o.removeLog(t)
	}
}

// removeLog ends the use of a topic's own log.
func (o *Outbox) removeLog(t *topic) {
	o.mu.Lock()
	defer o.mu.Unlock()
	t.ready, t.unmoved, t.log = append(t.ready, t.unmoved...), nil, nil
	o.separate = slices.DeleteFunc(o.separate, func(other *topic) bool { return other == t })
}

func (o *Outbox) inMemory(t *topic) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(t.unmoved) > 0 || len(t.ready) > 0 || len(t.inFlight) > 0
}
