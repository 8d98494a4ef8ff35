package outbox

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/telegraf-station/telegraf-station/internal/record"
	"github.com/telegraf-station/telegraf-station/test/bed/process"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// incidents collects what an outbox reports.
type incidents struct{ all []Incident }

func (i *incidents) add(incident Incident) { i.all = append(i.all, incident) }

func (i *incidents) records() (n uint64) {
	for _, each := range i.all {
		n += each.Records
	}
	return n
}

func openAt(t *testing.T, dir string, change func(*Options)) (*Outbox, *incidents) {
	t.Helper()
	reported := &incidents{}
	options := Options{Dir: dir, MaxBytes: 64 << 20, MaxRecords: 1 << 20, OnFull: Block, Report: reported.add}
	if change != nil {
		change(&options)
	}
	o := New(options)
	require.NoError(t, o.Open())
	t.Cleanup(func() { require.NoError(t, o.Close()) })
	return o, reported
}

func newRecord(queue string, i int) *Record {
	return &Record{Topic: queue, Device: "pi", Time: int64(i), Value: fmt.Appendf(nil, "reading %d", i)}
}

func appendAll(t *testing.T, o *Outbox, queue string, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		require.NoError(t, o.Append([]*Record{newRecord(queue, i)}))
	}
}

func values(records []*Record) (all []string) {
	for _, r := range records {
		all = append(all, string(r.Value))
	}
	return all
}

func readings(from, to int) (all []string) {
	for i := from; i < to; i++ {
		all = append(all, fmt.Sprintf("reading %d", i))
	}
	return all
}

// park waits until a record is parked.
func park(o *Outbox, r *Record, reason string) error {
	parked := make(chan error, 1)
	o.Park(r, reason, func(err error) { parked <- err })
	return <-parked
}

func TestRecordsAndNumbersOutliveARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, _ := openAt(t, dir, nil)
	appendAll(t, first, "JNU_1_rasp", 0, 10)
	first.Acknowledge(first.Next("JNU_1_rasp", 4, 1<<20))
	require.NoError(t, first.Close())

	second, reported := openAt(t, dir, nil)
	require.EqualValues(t, 6, second.Stats().Pending)
	appendAll(t, second, "JNU_1_rasp", 10, 12)
	taken := second.Next("JNU_1_rasp", 100, 1<<20)
	require.Equal(t, readings(4, 12), values(taken))
	for i, r := range taken {
		require.EqualValues(t, i+5, r.Seq)
		require.Equal(t, taken[0].Epoch, r.Epoch)
	}
	second.Acknowledge(taken)
	require.Zero(t, second.Stats().Pending)
	require.Empty(t, reported.all)
}

// Killed between any two writes of the first append of a process, which begins a segment, the next process leaves out no number.
func TestANumberIsNotGivenBeforeItsRecordIsThere(t *testing.T) {
	t.Parallel()
	for kill := 1; ; kill++ {
		fs := newMemoryFS()
		first := newOutbox(Options{Dir: "outbox", MaxBytes: 1 << 20, MaxRecords: 1000, OnFull: Block, Report: func(Incident) {}}, fs, time.Now)
		openInline(t, first)
		require.NoError(t, first.Append([]*Record{newRecord("JNU_1_rasp", 0)}))
		require.NoError(t, first.Close())

		second := newOutbox(first.options, fs, time.Now)
		openInline(t, second)
		var left *memoryFS
		writes := 0
		fs.onWrite = func() {
			if writes++; writes == kill {
				left = fs.copied()
			}
		}
		require.NoError(t, second.Append([]*Record{newRecord("JNU_1_rasp", 1)}))
		if left == nil {
			require.Greater(t, kill, 2, "the state and the record")
			return
		}
		third := newOutbox(first.options, left, time.Now)
		openInline(t, third)
		require.NoError(t, third.Append([]*Record{newRecord("JNU_1_rasp", 2)}))
		for i, r := range third.Next("JNU_1_rasp", 10, 1<<20) {
			require.EqualValues(t, i+1, r.Seq, "killed before write %d", kill)
		}
	}
}

func TestAnOutboxHasOneProcess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	openAt(t, dir, nil)
	require.ErrorIs(t, New(Options{Dir: dir}).Open(), ErrInUse)
}

func TestFilesAreRemovedWhenTheyAreDone(t *testing.T) { // not parallel: it counts descriptors
	dir := t.TempDir()
	before, err := process.Descriptors()
	require.NoError(t, err)
	o, _ := openAt(t, dir, nil)
	large := strings.Repeat("x", 1000)
	for i := range 5000 {
		r := newRecord("JNU_1_rasp", i)
		r.Value = append(r.Value, large...)
		require.NoError(t, o.Append([]*Record{r}))
	}
	require.Greater(t, o.Stats().Bytes, int64(5_000_000))
	require.Len(t, drain(o, "JNU_1_rasp"), 5000)
	names, err := os.ReadDir(filepath.Join(dir, "log"))
	require.NoError(t, err)
	require.Len(t, names, 1)
	require.LessOrEqual(t, o.Stats().Bytes, int64(maxSegmentBytes+zeroAhead+4096))
	require.NoError(t, o.Close())
	after, err := process.Descriptors()
	require.NoError(t, err)
	require.Equal(t, before, after)
}

// Memory holds a window only, whatever waits on disk.
func TestABacklogStaysOnDisk(t *testing.T) {
	t.Parallel()
	o, _ := openAt(t, t.TempDir(), nil)
	var batch []*Record
	for i := range 3 * maxBuffered {
		batch = append(batch, newRecord("JNU_1_rasp", i))
		if len(batch) == 1000 || i == 3*maxBuffered-1 {
			require.NoError(t, o.Append(batch))
			batch = nil
		}
	}
	require.LessOrEqual(t, o.buffered, maxBuffered+1000)
	delivered := 0
	for records := next(o, "JNU_1_rasp", 777); len(records) > 0; records = next(o, "JNU_1_rasp", 777) {
		require.Equal(t, readings(delivered, delivered+len(records)), values(records))
		delivered += len(records)
		o.catchUp()
		require.LessOrEqual(t, o.buffered, maxBuffered+1000)
		o.Acknowledge(records)
	}
	require.Equal(t, 3*maxBuffered, delivered)
}

// A queue that stalls does not keep the others out of memory, and comes back in order.
func TestAStalledQueueIsSetAside(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o, _ := openAt(t, dir, nil)
	o.maxBuffered = 50
	appendAll(t, o, "GIST_1_rasp", 0, 60)
	o.Next("GIST_1_rasp", 10, 1<<20)
	o.Stall("GIST_1_rasp")
	appendAll(t, o, "JNU_1_rasp", 0, 10)
	taken := o.Next("JNU_1_rasp", 100, 1<<20)
	require.Equal(t, readings(0, 10), values(taken))
	o.Acknowledge(taken)
	require.DirExists(t, filepath.Join(dir, "queue-GIST_1_rasp"))
	appendAll(t, o, "GIST_1_rasp", 60, 70)
	require.NoError(t, o.Close())

	again, reported := openAt(t, dir, nil)
	require.EqualValues(t, 70, again.Stats().Pending)
	require.Equal(t, readings(0, 70), drain(again, "GIST_1_rasp"))
	require.NoDirExists(t, filepath.Join(dir, "queue-GIST_1_rasp"))
	appendAll(t, again, "GIST_1_rasp", 70, 71)
	require.EqualValues(t, 71, again.Next("GIST_1_rasp", 1, 1<<20)[0].Seq)
	require.Empty(t, reported.all)
}

// Moved records refer to ids of the main log. If it starts again at 1, new records must not pass for those that were moved.
func TestTheMainLogIsLostAfterRecordsMoved(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o, _ := openAt(t, dir, nil)
	o.maxBuffered = 50
	appendAll(t, o, "GIST_1_rasp", 0, 60)
	o.Stall("GIST_1_rasp")
	appendAll(t, o, "JNU_1_rasp", 0, 10)
	require.DirExists(t, filepath.Join(dir, "queue-GIST_1_rasp"))
	require.NoError(t, o.Close())
	require.NoError(t, os.RemoveAll(filepath.Join(dir, "log")))

	again, _ := openAt(t, dir, nil)
	appendAll(t, again, "JNU_1_rasp", 0, 3)
	appendAll(t, again, "GIST_1_rasp", 60, 70)
	require.Equal(t, readings(0, 3), drain(again, "JNU_1_rasp"))
	delivered := drain(again, "GIST_1_rasp")
	require.Equal(t, readings(60, 70), delivered[len(delivered)-10:])
}

// openInline opens an outbox without its disk goroutine.
func openInline(t *testing.T, o *Outbox) {
	t.Helper()
	err := o.openDir()
	require.NoError(t, err)
}

// A disk that hangs does not block the goroutine that talks to Kafka: what it calls returns while an append waits for its sync.
func TestAHangingDiskBlocksOnlyAppends(t *testing.T) {
	t.Parallel()
	fs := newMemoryFS()
	o := newOutbox(Options{Dir: "outbox", MaxBytes: 1 << 20, MaxRecords: 1000, OnFull: Block}, fs, time.Now)
	require.NoError(t, o.Open())
	appendAll(t, o, "JNU_1_rasp", 0, 6)
	appendAll(t, o, "GIST_1_rasp", 0, 3)
	first := o.Next("JNU_1_rasp", 2, 1<<20)
	hanging, hang := make(chan struct{}), make(chan struct{})
	o.disk.Lock() // else the disk goroutine could be the one that hangs
	fs.onSync = func() {
		fs.onSync = nil
		close(hanging)
		<-hang
	}
	o.disk.Unlock()
	appended := make(chan error)
	go func() { appended <- o.Append([]*Record{newRecord("JNU_1_rasp", 6)}) }()
	<-hanging

	o.Acknowledge(first)
	second := o.Next("JNU_1_rasp", 2, 1<<20)
	require.Equal(t, readings(2, 4), values(second))
	require.EqualValues(t, 7, o.Stats().Pending)
	parked := make(chan error, 1)
	o.Park(second[0], "too large", func(err error) { parked <- err })
	o.Acknowledge(second[1:])
	o.Next("GIST_1_rasp", 2, 1<<20)
	o.Stall("GIST_1_rasp")
	require.NotEmpty(t, o.DrainChanged())
	require.True(t, o.IsOpen())
	require.Empty(t, parked, "its file is not written yet")

	close(hang)
	require.NoError(t, <-appended)
	require.NoError(t, <-parked)
	require.Equal(t, readings(4, 7), drain(o, "JNU_1_rasp"))
	require.Equal(t, readings(0, 3), drain(o, "GIST_1_rasp"))
	require.Equal(t, Stats{Bytes: o.Stats().Bytes, Parked: 1}, o.Stats())
	require.NoError(t, o.Close())
}

// next waits for the next records of a topic; it returns none if the topic has none.
func next(o *Outbox, topic string, limit int) []*Record {
	records := o.Next(topic, limit, 1<<20)
	if len(records) == 0 {
		o.catchUp()
		records = o.Next(topic, limit, 1<<20)
	}
	return records
}

// drain acknowledges all records of a topic and returns their values.
func drain(o *Outbox, topic string) (all []string) {
	for records := next(o, topic, 7); len(records) > 0; records = next(o, topic, 7) {
		all = append(all, values(records)...)
		o.Acknowledge(records)
	}
	o.catchUp()
	return all
}

func TestBounds(t *testing.T) {
	t.Parallel()
	bounded := func(policy OnFull) (*Outbox, *incidents) {
		return openAt(t, t.TempDir(), func(o *Options) { o.OnFull, o.MaxRecords = policy, 100 })
	}
	o, reported := bounded(Block)
	appendAll(t, o, "JNU_1_rasp", 0, 100)
	require.ErrorIs(t, o.Append([]*Record{newRecord("JNU_1_rasp", 100)}), ErrFull)
	require.Equal(t, readings(0, 100), drain(o, "JNU_1_rasp"))
	appendAll(t, o, "JNU_1_rasp", 100, 101)
	require.EqualValues(t, 101, o.Next("JNU_1_rasp", 1, 1<<20)[0].Seq, "a refused record takes no number")
	require.Empty(t, reported.all)

	o, reported = bounded(DropNewest)
	appendAll(t, o, "JNU_1_rasp", 0, 110)
	require.EqualValues(t, 10, reported.records())
	require.Equal(t, readings(0, 100), drain(o, "JNU_1_rasp"))
	appendAll(t, o, "JNU_1_rasp", 110, 111)
	r := o.Next("JNU_1_rasp", 1, 1<<20)[0]
	require.EqualValues(t, 111, r.Seq)
	require.Equal(t, []Skips{{Epoch: r.Epoch, Dropped: record.RangeSet{{From: 101, To: 110}}}}, r.Skipped, "the next record lists the dropped numbers")

	o, reported = bounded(DropOldest)
	appendAll(t, o, "JNU_1_rasp", 0, 110)
	require.EqualValues(t, 12, reported.records(), "one segment: an eighth of the bound")
	require.Equal(t, readings(12, 110), drain(o, "JNU_1_rasp"))
}

// A full disk is not reported as a limit that was reached.
func TestAFullDiskDropsTheOldest(t *testing.T) {
	t.Parallel()
	fs, reported := newMemoryFS(), &incidents{}
	o := newOutbox(Options{Dir: "outbox", MaxBytes: 64 << 20, MaxRecords: 1 << 20, OnFull: DropOldest, Report: reported.add}, fs, time.Now)
	openInline(t, o)
	large := make([]byte, 60_000)
	for i := range 40 {
		require.NoError(t, o.Append([]*Record{{Topic: "JNU_1_rasp", Device: "pi", Time: int64(i), Value: large}}))
	}
	fs.room = 0
	fs.onWrite = func() { // removing the oldest segment makes room
		if len(reported.all) == 0 {
			fs.room = 0
		} else {
			fs.room = unbounded
		}
	}
	_ = o.Append([]*Record{{Topic: "JNU_1_rasp", Device: "pi", Time: 40, Value: large}})
	require.NotEmpty(t, reported.all)
	require.Contains(t, reported.all[0].Text, "the oldest records were dropped: cannot write the outbox: no space left on device")
	require.NotContains(t, reported.all[0].Text, "limit")
}

func TestParkedRecordsAreKeptReplayedAndDiscarded(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	replayed := make(chan string)
	o, _ := openAt(t, dir, func(o *Options) {
		o.ReplayInterval = time.Millisecond
		o.Replay = func(p *Parked) error {
			replayed <- p.Value
			return nil
		}
	})
	appendAll(t, o, "JNU_1_rasp", 0, 3)
	taken := o.Next("JNU_1_rasp", 10, 1<<20)
	require.NoError(t, park(o, taken[0], "too large"))
	require.NoError(t, park(o, taken[1], "invalid"))
	o.Acknowledge(taken[2:])
	require.EqualValues(t, 2, o.Stats().Parked)

	parked, err := ListParked(dir)
	require.NoError(t, err)
	require.Len(t, parked, 2)
	require.Equal(t, "too large", parked[0].Reason)
	require.Equal(t, "reading 0", parked[0].Value)
	require.EqualValues(t, 1, parked[0].Seq)

	require.NoError(t, Discard(dir, parked[1].Name))
	require.NoError(t, Replay(dir, parked[0].Name))
	require.Equal(t, "reading 0", <-replayed)

	appendAll(t, o, "JNU_1_rasp", 3, 4)
	r := o.Next("JNU_1_rasp", 1, 1<<20)[0]
	require.Equal(t, []Skips{{Epoch: r.Epoch, Parked: record.RangeSet{{From: 1, To: 2}}}}, r.Skipped)
}

func TestParkedRecordsAreBounded(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o, reported := openAt(t, dir, func(o *Options) { o.MaxRecords = 100 })
	for i := range 15 {
		require.NoError(t, o.ParkMetric(&Parked{Reason: "no topic", Metric: fmt.Sprint(i)}))
	}
	parked, err := ListParked(dir)
	require.NoError(t, err)
	require.Len(t, parked, 10)
	require.Equal(t, "5", parked[0].Metric)
	require.EqualValues(t, 5, reported.records())
}

func TestHeldRecordsNeedNoDisk(t *testing.T) {
	t.Parallel()
	o := New(Options{})
	require.ErrorIs(t, o.Open(), ErrNoDir)
	require.ErrorIs(t, o.Append([]*Record{newRecord("JNU_1_rasp", 0)}), ErrNoDir)
	records := []*Record{newRecord("JNU_1_rasp", 0), newRecord("JNU_1_rasp", 1)}
	held := o.AppendInMemory(records)
	o.Acknowledge(o.Next("JNU_1_rasp", 1, 1<<20))
	require.Len(t, o.Unacknowledged(records), 1)
	o.Stall("JNU_1_rasp")
	<-held.Failed()
	again := o.AppendInMemory(records)
	o.Acknowledge(o.Next("JNU_1_rasp", 10, 1<<20))
	<-again.Done()
	require.Empty(t, o.Next("JNU_1_rasp", 10, 1<<20))
	require.NoError(t, o.Close())
}
