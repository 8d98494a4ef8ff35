package outbox

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// world is an outbox and the simple model of what it promises: every record whose Append returned nil is delivered,
// in the order of its series, unless it was reported as dropped or damaged.
type world struct {
	t      *testing.T
	random *rand.Rand
	// damage, bounds and faults (of the disk) may happen in this sequence; window is how many records are in memory.
	damage, bounds, faults bool
	window                 int

	fs     *memoryFS
	outbox *Outbox
	clock  time.Time
	serial int

	promised     map[string]bool // by value
	maybe        map[string]bool // an append that failed, or was interrupted by a crash
	delivered    map[string]string
	newest       map[string]int // of each series, the serial of the newest that was delivered
	numbers      map[string]string
	parked       int
	reported     uint64 // records that were reported as gone
	unsure       int
	flips        int
	powerCuts    int
	repeats      int
	taken        map[string][]*Record
	settled      map[string]bool // by value, as far as no power cut may have undone it
	acknowledged []string        // values whose acknowledgement is possibly not stored yet
	held         *Delivery       // what the last hold waits for
	crashes      int
}

var modelQueues = []string{"JNU_1_rasp", "GIST_1_rasp", "KAIST_2_rasp"}

func newWorld(t *testing.T, seed uint64) *world {
	w := &world{
		t: t, random: rand.New(rand.NewPCG(seed, 1)), fs: newMemoryFS(), clock: time.Unix(1_700_000_000, 0), //nolint:gosec // a seed
		promised: map[string]bool{}, maybe: map[string]bool{}, delivered: map[string]string{}, newest: map[string]int{}, numbers: map[string]string{},
		taken: map[string][]*Record{}, settled: map[string]bool{},
	}
	w.damage, w.bounds, w.faults = w.random.IntN(4) == 0, w.random.IntN(4) == 0, w.random.IntN(3) > 0
	w.window = 4 + w.random.IntN(60)
	return w
}

func (w *world) options() Options {
	options := Options{Dir: "/outbox", MaxBytes: 1 << 30, MaxRecords: 1 << 30, OnFull: Block, Report: w.report}
	if w.bounds {
		options.MaxBytes, options.MaxRecords = 1<<20, 60
		options.OnFull = []OnFull{Block, DropOldest, DropNewest}[w.serial%3]
	}
	return options
}

func (w *world) report(i Incident) {
	w.reported += i.Records
	if !i.Dropped && i.Records == 0 {
		w.unsure++
	}
}

func (w *world) open() {
	w.clock = w.clock.Add(time.Second)
	w.taken, w.held, w.acknowledged = map[string][]*Record{}, nil, nil
	w.outbox = w.new()
	for w.tryOpen() != nil { // a full disk must not keep it from opening for good
		w.fs.room, w.fs.syncFails = unbounded, 0
		_ = w.outbox.Close()
		w.outbox = w.new()
	}
}

// tryOpen opens the outbox without its disk goroutine, so that a seed repeats a sequence: catchUp does the work.
func (w *world) tryOpen() error {
	return w.outbox.openDir()
}

// catchUp stores the acknowledgements.
func (w *world) catchUp() {
	w.outbox.catchUp()
	for _, value := range w.acknowledged {
		w.settled[value] = true
	}
	w.acknowledged = nil
}

func (w *world) new() *Outbox {
	o := newOutbox(w.options(), w.fs, func() time.Time { return w.clock })
	o.maxBuffered = w.window
	return o
}

// step does one of the things that happen to an outbox.
func (w *world) step() {
	switch n := w.random.IntN(100); {
	case n < 34:
		w.append()
	case n < 40:
		w.hold()
	case n < 80:
		w.deliver()
	case n < 86:
		w.stall()
	case n < 88:
		w.park()
	case n < 92:
		w.breakDisk()
	case n < 95:
		w.fs.room = unbounded
	case n < 97:
		w.crash()
	case n < 98:
		_ = w.outbox.Close() // its error is that of a disk that does not sync
		w.open()
	default:
		w.flip()
	}
}

func (w *world) breakDisk() {
	if !w.faults {
		return
	}
	if w.random.IntN(4) == 0 {
		w.fs.syncFails = 1
		return
	}
	w.fs.room = w.random.IntN(3000)
}

func (w *world) flip() {
	if w.damage && w.fs.flip(w.random) {
		w.flips++
	}
}

// hold is what on_failure does: what is not delivered immediately goes to disk.
func (w *world) hold() {
	records := w.records()
	w.held = w.outbox.AppendInMemory(records)
	if w.held == nil {
		w.note(records, w.outbox.Append(records))
		return
	}
	for _, r := range records {
		w.maybe[string(r.Value)] = true
	}
	w.deliver()
	w.note(records, w.outbox.Persist(w.held))
}

func (w *world) append() {
	records := w.records()
	w.note(records, w.outbox.Append(records))
}

func (w *world) records() []*Record {
	n := 1 + w.random.IntN(8)
	records := make([]*Record, 0, n)
	for range n {
		w.serial++
		records = append(records, &Record{
			Topic: modelQueues[w.random.IntN(len(modelQueues))], Device: "pi" + strconv.Itoa(w.random.IntN(2)), Time: int64(w.serial),
			Value: fmt.Appendf(nil, "%d %0*d", w.serial, w.random.IntN(200), 7),
		})
	}
	return records
}

func (w *world) note(records []*Record, err error) {
	for _, r := range records {
		if err == nil {
			w.promised[string(r.Value)] = true
		} else {
			w.maybe[string(r.Value)] = true
		}
	}
}

func (w *world) take(queue string) []*Record {
	if len(w.taken[queue]) == 0 {
		w.taken[queue] = w.outbox.Next(queue, 1+w.random.IntN(6), 1+w.random.IntN(2000))
	}
	return w.taken[queue]
}

func (w *world) deliver() {
	queue := modelQueues[w.random.IntN(len(modelQueues))]
	records := w.take(queue)
	n := len(records)
	if w.random.IntN(3) == 0 && n > 0 {
		n = w.random.IntN(n + 1)
	}
	for _, r := range records[:n] {
		w.check(r)
	}
	if w.random.IntN(10) > 0 { // if not, the acknowledgement does not exist yet
		w.outbox.Acknowledge(records[:n])
		w.acknowledged = append(w.acknowledged, values(records[:n])...)
		w.taken[queue] = records[n:]
	}
}

// check compares a delivered record with the model.
func (w *world) check(r *Record) {
	value := string(r.Value)
	require.True(w.t, w.promised[value] || w.maybe[value], "%q was never written", value)
	number := fmt.Sprintf("%s %s %x %d", r.Topic, r.Device, r.Epoch, r.Seq)
	if former, again := w.numbers[number]; again {
		require.Equal(w.t, former, value, "%s for two records", number)
	}
	w.numbers[number] = value
	if _, again := w.delivered[value]; again {
		require.False(w.t, w.settled[value] && !w.damage && !w.faults, "%q was settled", value)
		w.repeats++
		return
	}
	w.delivered[value] = number
	var serial int
	_, err := fmt.Sscan(value, &serial)
	require.NoError(w.t, err)
	series := r.Topic + " " + r.Device
	if w.flips == 0 || w.powerCuts == 0 { // both together may leave a record in the main log only, which then comes late
		require.Greater(w.t, serial, w.newest[series], "%s comes after a newer one of %s", value, series)
	}
	w.newest[series] = serial
}

func (w *world) stall() {
	queue := modelQueues[w.random.IntN(len(modelQueues))]
	w.take(queue)
	w.outbox.Stall(queue)
	w.taken[queue] = nil
	if w.random.IntN(2) == 0 { // as if memory were small
		w.outbox.disk.Lock()
		if w.outbox.main != nil {
			w.outbox.moveStalled()
		}
		w.outbox.unlockDisk()
	}
}

func (w *world) park() {
	queue := modelQueues[w.random.IntN(len(modelQueues))]
	records := w.take(queue)
	if len(records) == 0 {
		return
	}
	w.check(records[0])
	w.outbox.Park(records[0], "too large", func(err error) {
		if err == nil {
			w.parked++
		}
	})
	w.taken[queue] = records[1:]
}

func (w *world) crash() {
	w.crashes++
	w.fs.syncFails = 0
	if w.random.IntN(2) == 0 {
		w.fs = w.fs.killed()
	} else {
		w.fs = w.fs.powerCut(w.random)
		clear(w.settled)
		w.powerCuts++
	}
	w.open()
}

// end delivers everything and compares.
func (w *world) end() {
	w.fs.room, w.fs.syncFails = unbounded, 0
	for n := 1; n > 0; {
		n = w.drain()
	}
	missing := uint64(len(w.missing()))
	require.LessOrEqual(w.t, missing, w.reported+uint64(w.flips), "records are missing without a report: damage %v, bounds %v, %v",
		w.damage, w.bounds, w.missing())
	if !w.damage && !w.bounds {
		require.Zero(w.t, missing)
		require.Zero(w.t, w.reported)
	}
	_, waiting := w.outbox.used()
	require.Zero(w.t, waiting)
	require.Zero(w.t, w.outbox.buffered)
	require.NoError(w.t, w.outbox.Close())
}

// drain delivers what is ready and returns how many records that was.
func (w *world) drain() (n int) {
	for _, queue := range modelQueues {
		records := slices.Concat(w.taken[queue], next(w.outbox, queue, 100))
		w.taken[queue] = nil
		for _, r := range records {
			w.check(r)
		}
		w.outbox.Acknowledge(records)
		w.outbox.catchUp()
		n += len(records)
	}
	return n
}

// TestModel runs random sequences; OUTBOX_STEPS sets how many steps in all, OUTBOX_SEED which sequence comes first.
func TestModel(t *testing.T) {
	t.Parallel()
	steps, seed := 20_000, 1
	if text := os.Getenv("OUTBOX_STEPS"); text != "" {
		var err error
		steps, err = strconv.Atoi(text)
		require.NoError(t, err)
	}
	if text := os.Getenv("OUTBOX_SEED"); text != "" {
		var err error
		seed, err = strconv.Atoi(text)
		require.NoError(t, err)
	}
	repeats, crashes, delivered, missing := 0, 0, 0, uint64(0)
	for ; steps > 0; seed++ {
		n := 20 + seed%400
		steps -= n
		runSequence(t, uint64(seed), n, &repeats, &crashes, &delivered, &missing)
	}
	t.Logf("%d records delivered, %d crashes, %d repeats, %d reported as gone", delivered, crashes, repeats, missing)
	require.Positive(t, crashes)
}

func runSequence(t *testing.T, seed uint64, steps int, repeats, crashes, delivered *int, missing *uint64) {
	t.Helper()
	defer func() {
		if t.Failed() || recover() != nil {
			t.Errorf("in the sequence of OUTBOX_SEED=%d", seed)
			t.FailNow()
		}
	}()
	w := newWorld(t, seed)
	w.open()
	for range steps {
		w.step()
		if w.random.IntN(3) > 0 { // else the disk lags behind
			w.catchUp()
		}
	}
	w.end()
	*repeats += w.repeats
	*crashes += w.crashes
	*delivered += len(w.delivered)
	*missing += w.reported
}

func (w *world) missing() (values []string) {
	for value := range w.promised {
		if _, arrived := w.delivered[value]; !arrived {
			values = append(values, value)
		}
	}
	return values
}
