package outbox

import (
	"encoding/binary"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const asidePrefix = "queue-"

// asideLog holds the records of one queue that was set aside.
type asideLog struct {
	segmentLog
	// newest is the highest id that one of its records had in the main log: a crash between the copy and the note
	// in the main log leaves a record in both.
	newest uint64
}

// asideName is a name for a directory, whatever the queue's is.
func asideName(queue string) string { return asidePrefix + url.PathEscape(queue) }

func (o *Outbox) newAside(name string) *asideLog {
	a := &asideLog{}
	a.segmentLog = o.newLog(name, func() []byte { return append(binary.AppendUvarint(nil, a.newest), o.numbers.memo()...) })
	a.behindHole = func(f frame) verdict {
		switch r, err := readRecord(f.payload); {
		case err != nil || r.origin == 0:
			return keep
		case o.main.done.has(r.origin): // the main log lets go of records when their copies are synced
			return promised
		}
		return forget
	}
	return a
}

// openAsides opens the logs of queues that were set aside before.
func (o *Outbox) openAsides() ([]*tail, error) {
	names, err := o.fs.Names(o.options.Dir)
	if err != nil {
		return nil, err
	}
	var tails []*tail
	for _, name := range names {
		escaped, isAside := strings.CutPrefix(name, asidePrefix)
		queue, err := url.PathUnescape(escaped)
		if !isAside || err != nil {
			continue
		}
		a := o.newAside(name)
		t, err := a.open()
		if err != nil {
			return nil, err
		}
		a.recall(t)
		l := o.lane(queue)
		l.aside = a
		o.asides = append(o.asides, l)
		o.tell(queue)
		tails = append(tails, t)
	}
	return tails, nil
}

// recall takes what the end of the log says.
func (a *asideLog) recall(t *tail) {
	p := payload{data: t.memo}
	if len(t.memo) > 0 {
		a.newest = p.uvarint()
		t.memo = p.data
	}
	for _, r := range t.records {
		a.newest = max(a.newest, r.origin)
	}
}

// setStalledAside makes room in memory for the queues that can be delivered. It returns false if there is none to be made.
func (o *Outbox) setStalledAside() bool {
	before := o.window
	for _, l := range o.stalled {
		if l.aside == nil && len(l.ready) > 0 {
			o.setAside(l)
		}
	}
	return o.window < before
}

func (o *Outbox) setAside(l *lane) {
	a := o.newAside(asideName(l.queue))
	if o.makeDir(a.dir) != nil {
		return
	}
	if _, err := a.open(); err != nil {
		return
	}
	l.aside = a
	o.asides = append(o.asides, l)
	l.later, l.ready = l.ready, nil
	o.writeAside(l)
}

// putAside keeps a record of the main log for writeAside.
func (o *Outbox) putAside(l *lane, r *Record) {
	if r.log == o.main && r.id <= l.aside.newest { // a crash left it in both
		o.main.finish([]uint64{r.id})
		return
	}
	l.later = append(l.later, r)
	o.count(r, 1)
}

// writeAside moves the lane's later records from the main log to its own; where that fails, as on a full disk, they stay in memory.
func (o *Outbox) writeAside(l *lane) {
	if o.older(l) {
		return
	}
	var moving []*Record
	var ids []uint64
	for _, r := range l.later {
		if r.log != o.main { // only held in memory
			return
		}
		c := *r
		c.origin = r.id
		moving, ids = append(moving, &c), append(ids, r.id)
	}
	s, err := l.aside.write(moving)
	if err == nil {
		err = s.file.Sync()
		l.aside.commit(moving, err)
	}
	if err != nil {
		o.tell(l.queue)
		return
	}
	l.aside.newest = max(l.aside.newest, ids[len(ids)-1])
	for _, r := range l.later {
		o.count(r, -1)
	}
	l.later = nil
	o.main.finish(ids)
	o.tell(l.queue)
}

// older tells whether records of the main log are before those that are set aside, as it is after a write failed: until they are
// delivered no others may follow them into the lane's own log, or a crash would change the order.
func (o *Outbox) older(l *lane) bool {
	own := &l.aside.segmentLog
	return len(l.taken) > 0 && l.taken[0].log != own || len(l.ready) > 0 && l.ready[0].log != own
}

// removeEmptyAside ends a log that nothing waits in: the queue's records go the common way again.
func (o *Outbox) removeEmptyAside(l *lane) {
	a := l.aside
	if a == nil || a.waiting() > 0 || a.next != a.synced || len(l.later) > 0 || len(l.ready) > 0 || len(l.taken) > 0 {
		return
	}
	if o.main.noteState() != nil { // the numbers of its records are known nowhere else
		return
	}
	for len(a.segments) > 0 {
		if a.remove(len(a.segments)-1) != nil {
			return
		}
	}
	if err := o.fs.Remove(a.dir); err == nil || errors.Is(err, os.ErrNotExist) {
		l.aside = nil
		o.asides = slices.DeleteFunc(o.asides, func(other *lane) bool { return other == l })
	}
}

// quarantine keeps damaged bytes for who wants to look at them, and reports the records that are gone.
func (o *Outbox) quarantine(records uint64, at string, bytes []byte) {
	text := "a damaged part of the outbox"
	if at != "" {
		text = "a damaged part of " + at
	}
	if name, err := o.keepDamaged(bytes); err == nil && name != "" {
		text += " (its bytes are in " + name + ")"
	}
	o.options.Report(Incident{Records: records, Text: text})
}

// maxQuarantine bounds the files of damaged bytes.
const maxQuarantine = 100

func (o *Outbox) keepDamaged(bytes []byte) (string, error) {
	dir := filepath.Join(o.options.Dir, "quarantine")
	names, err := o.fs.Names(dir)
	if err != nil || len(bytes) == 0 || len(names) >= maxQuarantine {
		return "", err
	}
	if err := o.fs.MakeDir(dir); err != nil {
		return "", err
	}
	name := filepath.Join(dir, o.now().UTC().Format("20060102T150405.000000000"))
	f, err := o.fs.Create(name)
	if err != nil {
		return "", err
	}
	_, err = f.WriteAt(bytes, 0)
	return name, errors.Join(err, f.Close())
}
