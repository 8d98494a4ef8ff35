// Package outbox is a bounded, ordered queue of records on disk that survives kill -9, a power cut, damage and a full disk.
//
// It knows queues (topics) and keys (devices), and nothing of Kafka or Telegraf. A record's way: Append numbers it (numbers.go),
// writes it to the log (log.go, segment.go, frame.go) and syncs; it comes into its queue's lane (lane.go), at once or through the
// reader (reader.go) if there are many; Take hands it out; Settle or Park (parked.go) ends it. A queue that cannot be delivered while
// others can is set aside (aside.go) in a log of its own. recover.go reads what a crash left. README.md says why it is so.
package outbox

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// OnFull is what happens to records when a bound is reached.
type OnFull string

// The policies. With Block, Append refuses the records with ErrFull; the others drop records, count and report them.
const (
	Block      OnFull = "block"
	DropOldest OnFull = "drop_oldest"
	DropNewest OnFull = "drop_newest"
)

// Options describe an outbox.
type Options struct {
	// Dir is where it lies. Empty: there is none, and records can only be held.
	Dir string
	// MaxBytes bounds what it takes of the disk, MaxRecords how many wait; parked records may take a tenth of both besides.
	MaxBytes   int64
	MaxRecords uint64
	OnFull     OnFull
	// FreshEpoch begins an epoch at each start; else the numbers go on where they ended.
	FreshEpoch bool
	// Report gets what went wrong and was survived; it must not call the outbox.
	Report func(Incident)
}

// Incident is something that went wrong and was survived.
type Incident struct {
	// Records are those that are gone; 0 if it may have been records that nobody was promised.
	Records uint64
	// Dropped says that a bound was the reason; else it was damage.
	Dropped bool
	// Text says what happened.
	Text string
}

// Errors that callers tell apart.
var (
	// ErrFull says that a bound is reached and the policy is Block.
	ErrFull = errors.New("the outbox is full")
	// ErrInUse says that another process has the directory.
	ErrInUse = errors.New("another process uses it")
	// ErrNoDir says that there is no directory, or that it is not attached.
	ErrNoDir = errors.New("the outbox has no directory")
)

const (
	// maxSegment and maxSegmentRecords bound a segment, and with it what a drop takes at once and what is read at once.
	maxSegment        = 1 << 20
	maxSegmentRecords = 8192
	// maxWindow bounds the records in memory, beside one batch of each queue that was set aside: some 4 MB at 250 bytes a record.
	maxWindow = 8192
	// maxWindowBytes does so for large records.
	maxWindowBytes = 8 << 20
)

// Outbox is safe for concurrent use.
type Outbox struct {
	options Options
	fs      files
	now     func() time.Time
	// changed has a token when Available may have something.
	changed chan struct{}

	// appending is held by whoever adds records, also while they are synced; mu only while memory changes.
	appending sync.Mutex
	mu        sync.Mutex
	lock      io.Closer
	main      *segmentLog
	numbers   numbers
	lanes     map[string]*lane
	// asides are the lanes that were set aside, stalled those that could be.
	asides, stalled []*lane
	// window and windowBytes are the records in lanes; beyond maxWindow no more are read from disk.
	window, windowBytes, maxWindow int
	available                      map[string]struct{}
	parked                         parkedFiles
	// held is the last Hold.
	held *Held
}

// New returns an outbox that holds records in memory, until Attach.
func New(options Options) *Outbox { return newOutbox(options, disk{}, time.Now) }

func newOutbox(options Options, fs files, now func() time.Time) *Outbox {
	if options.Report == nil {
		options.Report = func(Incident) {}
	}
	o := &Outbox{
		options: options, fs: fs, now: now,
		changed: make(chan struct{}, 1), lanes: make(map[string]*lane), available: make(map[string]struct{}),
		numbers: numbers{skips: make(map[series][]Skip)}, maxWindow: maxWindow,
	}
	o.numbers.renew(uint64(max(0, now().UnixNano())))
	o.parked = parkedFiles{fs: fs, dir: filepath.Join(options.Dir, "parked")}
	return o
}

// Attach opens the directory and takes up what waits in it. Damage is no error. An error says why the directory cannot be used now;
// Attach may be tried again.
func (o *Outbox) Attach() error {
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
	if t.memo == nil || unsure || holes || o.numbers.unstored || o.options.FreshEpoch {
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

// lane returns a queue's lane.
func (o *Outbox) lane(queue string) *lane {
	l := o.lanes[queue]
	if l == nil {
		l = &lane{queue: queue}
		o.lanes[queue] = l
	}
	return l
}

// push makes a record ready.
func (o *Outbox) push(r *Record) {
	l := o.lane(r.Queue)
	l.ready = append(l.ready, r)
	o.count(r, 1)
	o.tell(r.Queue)
}

func (o *Outbox) count(r *Record, sign int) {
	o.window += sign
	o.windowBytes += sign * r.size()
}

// tell notes that a queue has something to take.
func (o *Outbox) tell(queue string) {
	o.available[queue] = struct{}{}
	select {
	case o.changed <- struct{}{}:
	default:
	}
}

// Changed has a token when Available may have something.
func (o *Outbox) Changed() <-chan struct{} { return o.changed }

// Available returns the queues that got records since the last call.
func (o *Outbox) Available() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	queues := make([]string, 0, len(o.available))
	for queue := range o.available {
		queues = append(queues, queue)
	}
	clear(o.available)
	return queues
}

// Take hands out the next records of a queue: at most so many, and so large together unless it is one. They are to be settled,
// parked, or given back by Stall; what is taken next comes after them.
func (o *Outbox) Take(queue string, most, maxBytes int) []*Record {
	o.mu.Lock()
	defer o.mu.Unlock()
	l := o.lane(queue)
	for _, r := range l.refill(most, maxBytes) {
		o.count(r, 1)
	}
	return l.take(most, maxBytes)
}

// Settle ends the way of records that were taken: they are delivered.
func (o *Outbox) Settle(records []*Record) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.settle(records)
}

func (o *Outbox) settle(records []*Record) {
	var logs []*segmentLog
	var lanes []*lane
	ids := make(map[*segmentLog][]uint64, 1)
	finish := func(log *segmentLog, id uint64) {
		if ids[log] == nil {
			logs = append(logs, log)
		}
		ids[log] = append(ids[log], id)
	}
	for _, r := range records {
		if r.settled {
			continue
		}
		r.settled = true
		o.count(r, -1)
		if r.log != nil {
			finish(r.log, r.id)
		}
		if r.origin > 0 && !o.main.done.has(r.origin) { // a crash left it in both
			finish(o.main, r.origin)
		}
		if r.hold != nil {
			r.hold.settled()
		}
		if l := o.lane(r.Queue); len(lanes) == 0 || lanes[len(lanes)-1] != l {
			lanes = append(lanes, l)
		}
	}
	for _, log := range logs {
		log.finish(ids[log])
	}
	for _, l := range lanes {
		l.settle()
		o.resume(l)
		if len(l.later) > 0 {
			o.writeAside(l)
		}
		o.removeEmptyAside(l)
	}
	o.fill()
}

// Stall gives back what was taken of a queue that cannot be delivered for now, for a reason of its own: when the others need
// the room, it is set aside. Take goes on with the same records.
func (o *Outbox) Stall(queue string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	l := o.lane(queue)
	l.giveBack()
	for _, r := range l.ready {
		if r.hold != nil {
			r.hold.troubled()
		}
	}
	if !l.stalled {
		l.stalled = true
		o.stalled = append(o.stalled, l)
	}
	o.fill()
}

func (o *Outbox) resume(l *lane) {
	if l.stalled {
		l.stalled = false
		o.stalled = slices.DeleteFunc(o.stalled, func(other *lane) bool { return other == l })
	}
}

// fill reads what waits on disk into the lanes, as far as memory is meant for it.
func (o *Outbox) fill() {
	if o.main == nil {
		return
	}
	for {
		for o.main.unread() && o.window < o.maxWindow && o.windowBytes < maxWindowBytes {
			o.dispatch(o.main.read(o.maxWindow-o.window, maxWindowBytes-o.windowBytes))
		}
		if !o.main.unread() || !o.setStalledAside() {
			return
		}
	}
}

func (o *Outbox) dispatch(records []*Record) {
	for _, r := range records {
		if l := o.lane(r.Queue); l.aside != nil {
			o.putAside(l, r)
			continue
		}
		o.push(r)
	}
	for _, r := range records {
		if l := o.lanes[r.Queue]; l != nil && len(l.later) > 0 {
			o.writeAside(l)
		}
	}
}

// Stats are an outbox's figures.
type Stats struct {
	// Waiting are the records on disk that are not delivered; Bytes is what the outbox takes of the disk.
	Waiting, Bytes int64
	// Parked are the records that wait for a person.
	Parked int64
}

// Stats returns the figures of now.
func (o *Outbox) Stats() Stats {
	o.mu.Lock()
	defer o.mu.Unlock()
	bytes, waiting := o.used()
	return Stats{Waiting: int64(waiting), Bytes: bytes + o.parked.bytes, Parked: int64(len(o.parked.names))} //nolint:gosec // bounded by the disk
}

// Attached tells whether records can be put on disk.
func (o *Outbox) Attached() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.main != nil
}

// Close ends the outbox; what waits stays on disk.
func (o *Outbox) Close() error {
	o.appending.Lock()
	defer o.appending.Unlock()
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.main == nil {
		return nil
	}
	errs := []error{o.main.close()}
	for _, l := range o.asides {
		errs = append(errs, l.aside.close())
	}
	o.main = nil
	return errors.Join(append(errs, o.lock.Close())...)
}
