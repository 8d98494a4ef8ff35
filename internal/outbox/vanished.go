package outbox

import (
	"fmt"
	"path/filepath"
	"slices"
	"time"
)

// vanishedInterval is how often the disk goroutine checks that the directory is still the one that was opened. Until it notices, what is
// appended goes to files without a name, which are gone after a restart.
const vanishedInterval = 2 * time.Second

// checkDir opens the directory again if it was removed, or if another file system was mounted over it or unmounted.
func (o *Outbox) checkDir() {
	o.disk.Lock()
	defer o.unlockDisk()
	switch {
	case o.main == nil:
	case !o.fs.Same(o.lock, o.lockName()) || o.vanished(o.main):
		o.reopen()
	default:
		for _, t := range slices.Clone(o.separate) {
			if o.vanished(&t.log.segmentLog) {
				lost := o.forget(&t.log.segmentLog)
				o.options.Report(Incident{Records: lost, Cause: "vanished", Text: fmt.Sprintf("the directory %q was removed while it was in use", t.log.dir)})
				o.removeLog(t)
			}
		}
	}
}

// vanished reports whether the segment that a log appends to has lost its name.
func (o *Outbox) vanished(l *segmentLog) bool {
	s := l.active()
	return s != nil && !o.fs.Same(s.file, s.path)
}

func (o *Outbox) lockName() string { return filepath.Join(o.options.Dir, "lock") }

// reopen opens the directory again, and reports the records that are neither there nor in memory.
func (o *Outbox) reopen() {
	var lost uint64
	for _, l := range o.logs() {
		lost += o.forget(l)
	}
	for _, t := range slices.Clone(o.separate) {
		o.removeLog(t)
	}
	_ = o.lock.Close()
	o.main = nil
	o.mu.Lock()
	o.open, o.acknowledged = false, nil
	o.sequence.startEpoch(o.clock()) // the old directory may come back, with numbers up to the present ones
	o.sequence.memoryOnly = true
	o.mu.Unlock()
	text := fmt.Sprintf("the directory %q was removed or replaced while it was in use, and a new epoch starts", o.options.Dir)
	found, err := o.openLocked()
	if err != nil {
		text += fmt.Sprintf("; it cannot be created again: %v", err)
	}
	o.options.Report(Incident{Records: lost - min(lost, found), Cause: "vanished", Text: text, Err: err})
}

// forget keeps the records of a log in memory only, and returns how many pending ones were on disk only.
func (o *Outbox) forget(l *segmentLog) (lost uint64) {
	if s := l.active(); s != nil {
		_ = s.close() // it will not be read
	}
	lost = l.pending()
	o.mu.Lock()
	defer o.mu.Unlock()
	known := func(r *Record) {
		if r.log == l {
			lost--
			r.log, r.id, r.origin = nil, 0, 0
		}
	}
	for _, r := range o.acknowledged {
		known(r)
	}
	for _, t := range o.topics {
		for _, r := range t.inMemory() {
			known(r)
		}
	}
	return lost
}

// storeMemory stores the records that are in memory only. If the directory has pending ones, those that are not in flight leave memory, and are
// read again after the earlier ones. If the disk does not take them, they stay in memory.
func (o *Outbox) storeMemory() {
	behind := o.main.pending() > 0
	records := o.onlyInMemory()
	p := &part{o.main, records}
	if len(records) == 0 || writeSynced([]*part{p}) != nil {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	p.locate()
	if !behind {
		o.main.reader.moveTo(o.main.synced)
		return
	}
	leave := func(r *Record) bool {
		if r.log == o.main {
			o.count(r, -1)
		}
		return r.log == o.main
	}
	for _, t := range o.topics {
		t.ready = slices.DeleteFunc(t.ready, leave)
	}
}

func (o *Outbox) onlyInMemory() (records []*Record) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, t := range o.topics {
		for _, r := range t.inMemory() {
			if r.log == nil {
				records = append(records, r)
			}
		}
	}
	return records
}
