// Package outbox is a bounded, ordered queue of records on disk that survives kill -9, a power cut, damage and a full disk.
//
// It knows queues (topics) and keys (devices), and nothing of Kafka or Telegraf. A record's way: Append numbers it (numbers.go),
// writes it to the log (log.go, segment.go, frame.go) and syncs; it comes into its queue's lane (lane.go), at once or through the
// reader (reader.go) if there are many; Take hands it out (take.go); Settle or Park (parked.go) ends it. A queue that cannot be delivered while
// others can is set aside (aside.go) in a log of its own. attach.go and recover.go read what a crash left. README.md says why it is so.
package outbox

import (
	"errors"
	"io"
	"path/filepath"
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
	// NewEpoch begins an epoch at each start; else the numbers go on where they ended.
	NewEpoch bool
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
	held *Delivery
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

// Stats are an outbox's figures.
type Stats struct {
	// Waiting are the records on disk that are not delivered; Bytes is what the outbox takes of the disk.
	Pending, Bytes int64
	// Parked are the records that wait for a person.
	Parked int64
}

// Stats returns the figures of now.
func (o *Outbox) Stats() Stats {
	o.mu.Lock()
	defer o.mu.Unlock()
	bytes, waiting := o.used()
	return Stats{Pending: int64(waiting), Bytes: bytes + o.parked.bytes, Parked: int64(len(o.parked.names))} //nolint:gosec // bounded by the disk
}

// Attached tells whether records can be put on disk.
func (o *Outbox) IsOpen() bool {
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
