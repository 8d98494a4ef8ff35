package outbox

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
)

// IsNew reports whether the directory had no records of an earlier run when it was opened.
func (o *Outbox) IsNew() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.isNew
}

// Open opens the directory and continues with the pending records in it. Damage is reported and is not an error.
// After an error, the outbox is as it was before, and Open can be called again.
func (o *Outbox) Open() error {
	if err := o.openDir(); err != nil {
		return err
	}
	o.startDisk()
	return nil
}

// startDisk starts the disk goroutine, unless it runs.
func (o *Outbox) startDisk() {
	o.disk.Lock()
	defer o.disk.Unlock()
	if o.main != nil && o.stop == nil {
		o.stop, o.stopped = make(chan struct{}), make(chan struct{})
		go o.runDisk(o.stop, o.stopped)
	}
}

func (o *Outbox) openDir() error {
	if o.options.Dir == "" {
		return ErrNoDir
	}
	o.disk.Lock()
	defer o.unlockDisk()
	if o.main != nil {
		return nil
	}
	_, err := o.openLocked()
	return err
}

// openLocked returns how many pending records it found.
func (o *Outbox) openLocked() (found uint64, err error) {
	if err := o.fs.MakeDir(o.options.Dir); err != nil {
		return 0, fmt.Errorf("cannot create the outbox: %w", err)
	}
	lock, err := o.fs.Lock(o.lockName())
	if err != nil {
		return 0, fmt.Errorf("outbox %q: %w", o.options.Dir, err)
	}
	logs, err := o.readLogs()
	if err != nil {
		return 0, errors.Join(err, lock.Close())
	}
	o.lock, o.noted = lock, readNote(lock)
	found = o.use(logs)
	o.openOperatorDirs()
	o.fill()
	return found, nil
}

func (o *Outbox) makeDir(dir string) error {
	return errors.Join(o.fs.MakeDir(dir), o.fs.SyncDir(o.options.Dir))
}

// newLog returns a log in a subdirectory. Each of its segments begins with what state returns.
func (o *Outbox) newLog(name string, state func() []byte) segmentLog {
	return segmentLog{
		fs: o.fs, dir: filepath.Join(o.options.Dir, name), ownerState: state, damaged: o.quarantine,
		maxBytes:   min(maxSegmentBytes, max(o.options.MaxBytes/16, zeroAhead)),
		maxRecords: min(maxSegmentRecords, max(o.options.MaxRecords/8, 1)),
	}
}

// logs are the logs in a directory, with what their ends hold. The outbox knows nothing of them until use.
type logs struct {
	main   *segmentLog
	topics map[string]*topicLog
	ends   map[*segmentLog]*logEnd
}

func (l logs) list() []*segmentLog { return slices.Collect(maps.Keys(l.ends)) }

// readLogs reads the ends of all logs. It does not change the outbox.
func (o *Outbox) readLogs() (logs, error) {
	main := o.newLog("log", o.sequenceState)
	all := logs{main: &main, topics: make(map[string]*topicLog), ends: make(map[*segmentLog]*logEnd)}
	if err := o.makeDir(main.dir); err != nil {
		return all, fmt.Errorf("cannot create the outbox: %w", err)
	}
	end, err := main.open()
	if err != nil {
		return all, err
	}
	all.ends[&main] = end
	return all, o.readTopicLogs(all)
}

// use continues with the logs of a directory, and returns how many pending records they have.
func (o *Outbox) use(all logs) (found uint64) {
	o.main = all.main
	for name, l := range all.topics { // their records refer to ids of the main log, which may have lost all of its segments
		o.main.skipTo(l.newest + 1)
		o.setLog(name, l)
	}
	o.restoreSequence(all)
	o.setNew(len(newest(all.list())) == 0 && len(o.noted.Newest) == 0)
	o.setOpen(true)
	o.appendSalvaged(all)
	_, found = o.used()
	o.storeMemory()
	return found
}

func (o *Outbox) setNew(isNew bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.isNew = isNew
}

// openOperatorDirs opens the directories of parked records. Without them, records can still be stored and delivered.
func (o *Outbox) openOperatorDirs() {
	err := errors.Join(o.makeDir(filepath.Join(o.options.Dir, "replay")), o.parked.list())
	if err != nil {
		o.options.Report(Incident{Cause: "parked", Err: err, Text: fmt.Sprintf("parked records cannot be read: %v", err)})
	}
}

// sequenceState returns the sequence numbers in the form that segments store.
func (o *Outbox) sequenceState() []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.sequence.encode()
}

// restoreSequence continues the sequence numbers at the ends of the logs. It starts an epoch if one of the numbers may be unknown: if part of a
// log is damaged or missing, or if the machine stopped before the outbox was closed, since not every medium keeps what it reports as synced.
func (o *Outbox) restoreSequence(all logs) {
	missing := o.noted.missing(all)
	for _, name := range missing {
		o.options.Report(Incident{Cause: "missing", Text: fmt.Sprintf("the newest files of %q are missing with the records in them, and a new epoch starts",
			filepath.Join(o.options.Dir, name))})
	}
	unknown := o.noted.isPowerCut(o.fs.BootID()) || len(missing) > 0 || all.ends[all.main].ownerState == nil
	for l, end := range all.ends {
		unknown = unknown || end.gaps || end.damaged
		if end.damaged {
			o.options.Report(Incident{Cause: "damaged", Text: fmt.Sprintf("the end of %q is damaged, probably by a power cut, and a new epoch starts. What was appended last is lost: "+
				"records of an append that had not returned, and if this medium does not keep what it reports as synced, earlier ones too", l.dir)})
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sequence.restore(all.ends)
	if unknown || o.sequence.memoryOnly || o.options.NewEpoch {
		o.sequence.startEpoch(o.clock())
	}
}

// appendSalvaged appends the records after a gap in the last append again, with new numbers: the numbers in the gap may never have been
// promised. If that fails, as on a full disk, they stay where they are, with the numbers that they have.
func (o *Outbox) appendSalvaged(all logs) {
	for l, end := range all.ends {
		if len(end.salvaged) == 0 {
			continue
		}
		o.startSegments(end.salvaged)
		ids := o.renumber(end.salvaged)
		p := &part{o.main, end.salvaged}
		if writeSynced([]*part{p}) == nil {
			l.markDone(ids)
		}
	}
}

// renumber gives records new numbers, and returns their ids.
func (o *Outbox) renumber(records []*Record) (ids []uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, r := range records {
		ids = append(ids, r.id)
		o.sequence.addSkips(r, r.Skipped)
		r.Epoch, r.Seq = 0, 0
		o.sequence.number(r)
	}
	return ids
}

// Close closes the outbox. Pending records stay on disk.
func (o *Outbox) Close() error {
	o.stopDisk()
	o.disk.Lock()
	defer o.unlockDisk()
	if o.main == nil {
		return nil
	}
	o.parkRequested()
	o.storeAcknowledged()
	var errs []error
	logs := o.logs()
	for _, log := range logs {
		errs = append(errs, log.close())
	}
	o.main = nil
	o.setOpen(false)
	err := errors.Join(errs...)
	if err == nil {
		o.writeNote(logs, "")
	}
	return errors.Join(err, o.lock.Close())
}

func (o *Outbox) stopDisk() {
	o.disk.Lock()
	stop, stopped := o.stop, o.stopped
	o.stop = nil
	o.disk.Unlock()
	if stop != nil {
		close(stop)
		<-stopped
	}
}
