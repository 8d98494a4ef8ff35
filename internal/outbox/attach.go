package outbox

import (
	"errors"
	"fmt"
	"path/filepath"
)

// Attach opens the directory and takes up what waits in it. Damage is no error. An error says why the directory cannot be used now;
// Attach may be tried again.
func (o *Outbox) Open() error {
	if o.options.Dir == "" {
		return ErrNoDir
	}
	o.appending.Lock()
	salvaged, err := o.attach()
	o.appending.Unlock()
	if err != nil || len(salvaged) == 0 {
		return err
	}
	return o.Append(salvaged)
}

func (o *Outbox) attach() ([]*Record, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.main != nil {
		return nil, nil
	}
	if err := o.fs.MakeDir(o.options.Dir); err != nil {
		return nil, fmt.Errorf("the outbox cannot be made: %w", err)
	}
	lock, err := o.fs.Lock(filepath.Join(o.options.Dir, "lock"))
	if err != nil {
		return nil, fmt.Errorf("outbox %q: %w", o.options.Dir, err)
	}
	salvaged, err := o.recover()
	if err == nil {
		err = o.makeDir(filepath.Join(o.options.Dir, "replay"))
	}
	if err != nil {
		o.main = nil
		return nil, errors.Join(err, lock.Close())
	}
	o.lock = lock
	o.fill()
	return salvaged, nil
}

// newLog describes a log in a directory below the outbox's.
func (o *Outbox) newLog(name string, memo func() []byte) segmentLog {
	return segmentLog{
		fs: o.fs, dir: filepath.Join(o.options.Dir, name), memo: memo, damaged: o.quarantine,
		limit:        min(maxSegment, max(o.options.MaxBytes/16, zeroAhead)),
		limitRecords: min(maxSegmentRecords, max(o.options.MaxRecords/8, 1)),
	}
}

func (o *Outbox) makeDir(dir string) error {
	return errors.Join(o.fs.MakeDir(dir), o.fs.SyncDir(o.options.Dir))
}

// recover opens the logs and goes on with the numbers.
func (o *Outbox) recover() ([]*Record, error) {
	main := o.newLog("log", func() []byte { return o.numbers.memo() })
	if err := o.makeDir(main.dir); err != nil {
		return nil, err
	}
	t, err := main.open()
	if err != nil {
		return nil, err
	}
	o.main = &main
	tails, err := o.openAsides()
	if err != nil {
		return nil, err
	}
	salvaged, unsure, holes := o.recall(append(tails, t))
	if unsure {
		o.options.Report(Incident{Text: fmt.Sprintf("the end of the outbox %q is damaged, as a power cut does it: what was being "+
			"written is gone, all else is there, and the numbers begin anew", o.options.Dir)})
	}
	if t.memo == nil || unsure || holes || o.numbers.unstored || o.options.NewEpoch {
		o.numbers.renew(o.clock())
	}
	return salvaged, o.parked.count()
}

// recall goes on with the numbers that are found at the ends of the logs, unless this run has given some already.
func (o *Outbox) recall(tails []*tail) (salvaged []*Record, unsure, holes bool) {
	if !o.numbers.unstored {
		o.numbers.epoch = 0
	}
	for _, t := range tails {
		o.numbers.merge(t.memo)
	}
	for _, t := range tails {
		for _, r := range t.records {
			o.numbers.seen(r)
		}
		salvaged, unsure, holes = append(salvaged, t.salvaged...), unsure || t.unsure, holes || t.holes
	}
	return salvaged, unsure, holes
}
