package outbox

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// ownLogLeft returns a directory in which a topic has a log of its own, after a clean end.
func ownLogLeft(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	o, _ := openAt(t, dir, nil)
	o.maxBuffered = 50
	appendAll(t, o, "GIST_1_rasp", 0, 60)
	o.Stall("GIST_1_rasp")
	appendAll(t, o, "JNU_1_rasp", 0, 10)
	require.DirExists(t, filepath.Join(dir, "queue-GIST_1_rasp"))
	require.NoError(t, o.Close())
	return dir
}

func TestAFailedOpenLeavesNoTrace(t *testing.T) {
	t.Parallel()
	dir := ownLogLeft(t)
	unreadable := filepath.Join(dir, "queue-ZZZ_1_rasp")
	require.NoError(t, os.Symlink(unreadable, unreadable))
	o := New(Options{Dir: dir, MaxBytes: 64 << 20, MaxRecords: 1 << 20, OnFull: Block})
	require.ErrorContains(t, o.Open(), "cannot read the outbox: open "+unreadable)
	require.False(t, o.IsOpen())
	require.Zero(t, o.Stats())
	require.Empty(t, o.DrainChanged())

	inMemory := []*Record{newRecord("JNU_1_rasp", 100), newRecord("GIST_1_rasp", 100)}
	delivery := o.AppendInMemory(inMemory)
	require.NotNil(t, delivery, "nothing on disk comes first")
	for _, topic := range []string{"JNU_1_rasp", "GIST_1_rasp"} {
		require.Equal(t, readings(100, 101), drain(o, topic))
	}
	<-delivery.Done()

	require.NoError(t, os.Remove(unreadable))
	require.NoError(t, o.Open())
	appendAll(t, o, "GIST_1_rasp", 60, 61)
	delivered := o.Next("GIST_1_rasp", 100, 1<<20)
	if len(delivered) == 0 {
		delivered = next(o, "GIST_1_rasp", 100)
	}
	numbers := map[[2]uint64]bool{{inMemory[1].Epoch, inMemory[1].Seq}: true}
	for _, r := range delivered {
		number := [2]uint64{r.Epoch, r.Seq}
		require.False(t, numbers[number], "%q has a number that was given before", r.Value)
		numbers[number] = true
	}
	o.Acknowledge(delivered)
	require.Equal(t, readings(0, 10), drain(o, "JNU_1_rasp"))
	drain(o, "GIST_1_rasp")
	require.Zero(t, o.Stats().Pending)
	require.NoError(t, o.Close())
}

// What looks like the log of a topic and is none is left alone.
func TestStrayEntriesAreNoTopics(t *testing.T) {
	t.Parallel()
	dir := ownLogLeft(t)
	for _, name := range []string{"queue-..", "queue-.", "queue-JNU_2_rasp", "queue-a b", "queue-%2E%2E", "queue-", "queues", "log/notes"} {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, name), 0o750))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "queue-x"), []byte("mine"), 0o600))
	o, reported := openAt(t, dir, nil)
	require.ElementsMatch(t, []string{"JNU_1_rasp", "GIST_1_rasp"}, o.DrainChanged())
	require.Equal(t, readings(0, 60), drain(o, "GIST_1_rasp"))
	require.Empty(t, reported.all)
	require.FileExists(t, filepath.Join(dir, "queue-x"))
	state, err := Inspect(dir)
	require.NoError(t, err)
	require.Equal(t, "JNU_1_rasp", state.Topics[0].Topic)
}

// Records can be stored and delivered although parked ones cannot be read.
func TestParkedRecordsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	dir := ownLogLeft(t)
	parked := filepath.Join(dir, "parked")
	require.NoError(t, os.Symlink(parked, parked))
	require.NoError(t, os.RemoveAll(filepath.Join(dir, "replay")))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "replay"), nil, 0o600))
	o, reported := openAt(t, dir, nil)
	require.Len(t, reported.all, 1)
	require.ErrorContains(t, reported.all[0].Err, "too many levels of symbolic links")
	require.Equal(t, readings(0, 60), drain(o, "GIST_1_rasp"))
	appendAll(t, o, "JNU_1_rasp", 10, 11)
	require.Equal(t, readings(0, 11), drain(o, "JNU_1_rasp"))
	require.ErrorContains(t, o.ParkMetric(&Parked{}), "cannot park the record")
}

// Not every medium keeps what it reports as synced. After a power cut, the numbers that it may have lost are not given again.
func TestAPowerCutStartsAnEpoch(t *testing.T) {
	t.Parallel()
	fs := newMemoryFS()
	options := Options{Dir: "outbox", MaxBytes: 1 << 20, MaxRecords: 1000, OnFull: Block}
	epochOf := func(fs *memoryFS) uint64 {
		o := newOutbox(options, fs, time.Now)
		openInline(t, o)
		require.NoError(t, o.Append([]*Record{newRecord("JNU_1_rasp", 0)}))
		all := o.Next("JNU_1_rasp", 10, 1<<20)
		return all[len(all)-1].Epoch
	}
	first := epochOf(fs)
	require.Equal(t, first, epochOf(fs.killed()))
	fs.boots++
	second := epochOf(fs.killed())
	require.NotEqual(t, first, second)
}

// A segment that ends with a whole step of zeros, as if nothing had been appended yet, had no content when a power cut took it.
func TestALastSegmentWithoutContent(t *testing.T) {
	t.Parallel()
	for name, content := range map[string][]byte{"empty": nil, "zeros": make([]byte, zeroAhead), "name": []byte(formatName)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first, data := crashed(t)
			dir := t.TempDir()
			require.NoError(t, os.Mkdir(filepath.Join(dir, "log"), 0o750))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "log", first), data, 0o600))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "log", segmentName(damagedRecords+1)), content, 0o600))
			o, reported := openAt(t, dir, nil)
			require.Len(t, reported.all, 1)
			require.Contains(t, reported.all[0].Text, "is damaged, probably by a power cut, and a new epoch starts")
			appendAll(t, o, "JNU_1_rasp", damagedRecords, damagedRecords+1)
			delivered := o.Next("JNU_1_rasp", 100, 1<<20)
			require.Equal(t, readings(0, damagedRecords+1), values(delivered))
			require.NotEqual(t, delivered[0].Epoch, delivered[damagedRecords].Epoch)
		})
	}
}

// A segment that is gone leaves no trace in the others.
func TestNewestFilesAreMissing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ gone, reported string }{
		{"log/00*.log", "log"}, {"log", "log"}, {"queue-GIST_1_rasp", "queue-GIST_1_rasp"},
	} {
		dir := ownLogLeft(t)
		removeGlob(t, filepath.Join(dir, c.gone))
		o, reported := openAt(t, dir, nil)
		require.NotEmpty(t, reported.all, c.gone)
		require.Equal(t, fmt.Sprintf("the newest files of %q are missing with the records in them, and a new epoch starts", filepath.Join(dir, c.reported)), reported.all[0].Text)
		require.NoError(t, o.Close())
		_, reported = openAt(t, dir, nil)
		require.Empty(t, reported.all)
	}
}
