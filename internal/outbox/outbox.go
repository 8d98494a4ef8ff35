package outbox

import (
	"errors"
	"path/filepath"
	"sync"
	"time"
)

// OnFull is the policy for records that exceed a limit.
type OnFull string

// With Block, Append returns ErrFull. The other policies drop records, and count and report them.
const (
	Block      OnFull = "block"
	DropOldest OnFull = "drop_oldest"
	DropNewest OnFull = "drop_newest"
)

// Options configure an outbox.
type Options struct {
	// Dir is the outbox directory. If it is empty, records can only be kept in memory.
	Dir string
	// MaxBytes limits the disk usage, MaxRecords the pending records. Parked records may take another tenth of both.
	MaxBytes   int64
	MaxRecords uint64
	OnFull     OnFull
	// MaxRecordBytes limits what a record takes in Kafka: Append leaves out Skipped that would exceed it. 0 means 1 MB.
	MaxRecordBytes int
	// NewEpoch starts an epoch whenever the outbox is opened. Otherwise the sequence numbers continue.
	NewEpoch bool
	// Report receives the incidents that the outbox survives. It must not append to the outbox.
	Report func(Incident)
	// Replay appends a parked record again that the function Replay was called for, or returns an error to keep it. The outbox looks for
	// such records every ReplayInterval.
	Replay         func(*Parked) error
	ReplayInterval time.Duration
}

// Incident is an error that the outbox survived.
type Incident struct {
	// Records are the records that were dropped or lost; 0 if they may have been records of an append that had not returned.
	Records uint64
	// Dropped is true if a limit was the cause, and false for damage.
	Dropped bool
	// Cause is a word for the kind of incident, which stays the same while Text changes.
	Cause string
	Text  string
	// Err is the cause, if it is an error of the file system.
	Err error
}

var (
	// ErrFull is returned when a limit is reached and the policy is Block.
	ErrFull = errors.New("the outbox is full")
	// ErrInUse is returned when another process uses the directory.
	ErrInUse = errors.New("another process uses it")
	// ErrNoDir is returned when there is no outbox directory or it is not open.
	ErrNoDir = errors.New("the outbox has no directory")
)

const (
	// maxSegmentBytes and maxSegmentRecords limit a segment: what is dropped at a time and what is read at a time.
	maxSegmentBytes   = 1 << 20
	maxSegmentRecords = 8192
	// maxBuffered limits the records in memory, apart from one batch of each topic that has a log of its own: about 4 MB if a record
	// has 250 bytes. maxBufferedBytes is the limit for larger records.
	maxBuffered      = 8192
	maxBufferedBytes = 8 << 20
)

// Outbox is safe for concurrent use. doc.go explains its locks and goroutines.
type Outbox struct {
	options Options
	fs      filesystem
	now     func() time.Time
	// changed holds a token when DrainChanged has topics to return, work when the disk goroutine has something to do.
	changed, work chan struct{}

	// disk is held while files are read or written, and by all who number records. It guards the fields up to mu.
	disk          sync.Mutex
	lock          lock
	main          *segmentLog // nil if the outbox is not open
	separate      []*topic    // those with a log of their own
	parked        parkedFiles
	stop, stopped chan struct{} // of the disk goroutine
	noted         note          // in the lock

	// mu is held only while memory changes and never while files are read or written. Those who need both lock disk first.
	mu      sync.Mutex
	open    bool
	isNew   bool
	topics  map[string]*topic
	stalled []*topic
	// updated are the topics that DrainChanged returns next.
	updated  map[string]struct{}
	sequence sequence
	// buffered and bufferedBytes count the records in memory. No more are read from disk once buffered reaches maxBuffered.
	buffered, bufferedBytes, maxBuffered int
	// acknowledged and parking are records whose end is not on disk yet.
	acknowledged []*Record
	parking      []parkRequest
	delivery     *Delivery // the newest one
	onDisk       Stats
	storing      int64 // records that onDisk counts as pending while storeAcknowledged marks them as done
}

// New returns an outbox that keeps records in memory until it is opened.
func New(options Options) *Outbox { return newOutbox(options, osFilesystem{readBootID()}, time.Now) }

func newOutbox(options Options, fs filesystem, now func() time.Time) *Outbox {
	if options.MaxRecordBytes == 0 {
		options.MaxRecordBytes = 1_000_000
	}
	if options.Report == nil {
		options.Report = func(Incident) {}
	}
	o := &Outbox{
		options: options, fs: fs, now: now, changed: make(chan struct{}, 1), work: make(chan struct{}, 1),
		topics: make(map[string]*topic), updated: make(map[string]struct{}), maxBuffered: maxBuffered,
		sequence: sequence{skips: make(map[device]*skipList), skipLimits: make(map[string]int), maxRecordBytes: options.MaxRecordBytes}, parked: parkedFiles{fs: fs, dir: filepath.Join(options.Dir, "parked")},
	}
	o.sequence.startEpoch(o.clock())
	return o
}

func (o *Outbox) clock() uint64 { return uint64(max(0, o.now().UnixNano())) }

// Stats are the figures of an outbox.
type Stats struct {
	// Pending counts the records on disk that are not delivered. Bytes is the disk usage.
	Pending, Bytes int64
	// Parked counts the parked records.
	Parked int64
}

// Stats returns the current figures. It never waits for the disk.
func (o *Outbox) Stats() Stats {
	o.mu.Lock()
	defer o.mu.Unlock()
	stats := o.onDisk
	stats.Pending = max(0, stats.Pending-o.storing-stored(o.acknowledged)) // those of a dropped segment may be among them
	return stats
}

// stored counts the records that are on disk.
func stored(records []*Record) (count int64) {
	for _, r := range records {
		if r.log != nil {
			count++
		}
	}
	return count
}

// unlockDisk ends each use of the disk.
func (o *Outbox) unlockDisk() {
	if o.main != nil {
		o.writeNote(o.logs(), o.fs.BootID())
	}
	o.publish()
	o.disk.Unlock()
}

// publish updates the figures for Stats.
func (o *Outbox) publish() {
	bytes, pending := o.used()
	stats := Stats{Pending: int64(pending), Bytes: bytes + o.parked.bytes, Parked: int64(len(o.parked.names))} //nolint:gosec // limited by the disk
	o.mu.Lock()
	defer o.mu.Unlock()
	o.onDisk, o.storing = stats, 0
}

// IsOpen reports whether records can be stored on disk.
func (o *Outbox) IsOpen() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.open
}

func (o *Outbox) setOpen(open bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.open = open
}
