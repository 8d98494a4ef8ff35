package outbox

import (
	"errors"
	"fmt"
	"path/filepath"
)

// Open opens the directory and continues with the pending records in it. Damage is reported and is not an error.
// After an error, Open can be called again.
func (o *Outbox) Open() error {
	salvaged, err := o.openDir()
	if err != nil {
		return err
	}
	o.startDisk()
	return o.Append(salvaged)
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

// openDir returns the records that must be appended again.
func (o *Outbox) openDir() ([]*Record, error) {
	if o.options.Dir == "" {
		return nil, ErrNoDir
	}
	o.disk.Lock()
	defer o.unlockDisk()
	if o.main != nil {
		return nil, nil
	}
	if err := o.fs.MakeDir(o.options.Dir); err != nil {
		return nil, fmt.Errorf("cannot create the outbox: %w", err)
	}
	lock, err := o.fs.Lock(filepath.Join(o.options.Dir, "lock"))
	if err != nil {
		return nil, fmt.Errorf("outbox %q: %w", o.options.Dir, err)
	}
	salvaged, err := o.openLogs()
	if err == nil {
		err = o.makeDir(filepath.Join(o.options.Dir, "replay"))
	}
	if err != nil {
		o.main, o.separate = nil, nil
		return nil, errors.Join(err, lock.Close())
	}
	o.lock = lock
	o.setOpen(true)
	o.fill()
	return salvaged, nil
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

func (o *Outbox) openLogs() (salvaged []*Record, err error) {
	main := o.newLog("log", o.sequenceState)
	if err := o.makeDir(main.dir); err != nil {
		return nil, err
	}
	end, err := main.open()
	if err != nil {
		return nil, err
	}
	o.main = &main
	ends, err := o.openTopicLogs()
	if err != nil {
		return nil, err
	}
	for _, t := range o.separate { // their records refer to ids of the main log, which may have lost all of its segments
		main.skipTo(t.log.newest + 1)
	}
	salvaged = o.restoreSequence(append(ends, end), end.ownerState == nil)
	return salvaged, o.parked.list()
}

// sequenceState returns the sequence numbers in the form that segments store.
func (o *Outbox) sequenceState() []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.sequence.encode()
}

// restoreSequence continues the sequence numbers at the ends of the logs. It starts an epoch if one of the numbers may be unknown.
func (o *Outbox) restoreSequence(ends []*logEnd, unknown bool) (salvaged []*Record) {
	damaged := false
	for _, end := range ends {
		salvaged, damaged, unknown = append(salvaged, end.salvaged...), damaged || end.damaged, unknown || end.gaps
	}
	if damaged {
		o.options.Report(Incident{Text: fmt.Sprintf("the end of the outbox %q is damaged, probably by a power cut: "+
			"the append in progress is lost, all other records are intact, and a new epoch starts", o.options.Dir)})
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sequence.restore(ends)
	if unknown || damaged || o.sequence.memoryOnly || o.options.NewEpoch {
		o.sequence.startEpoch(o.clock())
	}
	return salvaged
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
	for _, log := range o.logs() {
		errs = append(errs, log.close())
	}
	o.main = nil
	o.setOpen(false)
	return errors.Join(append(errs, o.lock.Close())...)
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
