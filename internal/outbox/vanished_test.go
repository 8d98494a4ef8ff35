package outbox

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// What the directory loses while it is in use is in memory, and goes to the new one.
func TestTheDirectoryVanishes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		remove func(t *testing.T, dir string)
		gist   int // records left of the topic with a log of its own
	}{
		"removed":       {func(t *testing.T, dir string) { require.NoError(t, os.RemoveAll(dir)) }, 0},
		"moved":         {func(t *testing.T, dir string) { require.NoError(t, os.Rename(dir, dir+"-old")) }, 0},
		"content":       {func(t *testing.T, dir string) { removeGlob(t, filepath.Join(dir, "*")) }, 0},
		"log":           {func(t *testing.T, dir string) { require.NoError(t, os.RemoveAll(filepath.Join(dir, "log"))) }, 60},
		"segments":      {func(t *testing.T, dir string) { removeGlob(t, filepath.Join(dir, "log", "*")) }, 60},
		"the topic log": {func(t *testing.T, dir string) { removeGlob(t, filepath.Join(dir, "queue-*")) }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "outbox")
			o, reported := openAt(t, dir, nil)
			o.maxBuffered = 50
			appendAll(t, o, "GIST_1_rasp", 0, 60)
			o.Stall("GIST_1_rasp")
			appendAll(t, o, "JNU_1_rasp", 0, 10)
			inFlight := o.Next("JNU_1_rasp", 4, 1<<20)
			o.checkDir()
			require.Empty(t, reported.all)

			c.remove(t, dir)
			appendAll(t, o, "JNU_1_rasp", 10, 12)
			o.checkDir()
			require.NotEmpty(t, reported.all)
			require.Contains(t, reported.all[len(reported.all)-1].Text, "while it was in use")
			incidents := len(reported.all)
			require.EqualValues(t, 60-c.gist, reported.records(), "those that were only in the log of their topic")
			o.checkDir()
			require.Len(t, reported.all, incidents)
			require.EqualValues(t, 12+c.gist, o.Stats().Pending)

			o.Acknowledge(inFlight)
			appendAll(t, o, "JNU_1_rasp", 12, 14)
			require.NoError(t, o.Close())
			again, _ := openAt(t, dir, nil)
			require.Equal(t, readings(4, 14), drain(again, "JNU_1_rasp"))
			require.Equal(t, readings(0, c.gist), drain(again, "GIST_1_rasp"))
		})
	}
}

func removeGlob(t *testing.T, pattern string) {
	t.Helper()
	names, err := filepath.Glob(pattern)
	require.NoError(t, err)
	for _, name := range names {
		require.NoError(t, os.RemoveAll(name))
	}
}

// Another file system can come back, with records that were delivered from memory in the meantime: they repeat, and no number is given twice.
func TestTheDirectoryComesBack(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "outbox")
	o, _ := openAt(t, dir, nil)
	appendAll(t, o, "JNU_1_rasp", 0, 10)
	require.NoError(t, os.Rename(dir, dir+"-old"))
	o.checkDir()
	appendAll(t, o, "JNU_1_rasp", 10, 15)
	require.Equal(t, readings(0, 15), drain(o, "JNU_1_rasp"))

	require.NoError(t, os.RemoveAll(dir))
	require.NoError(t, os.Rename(dir+"-old", dir))
	o.checkDir()
	appendAll(t, o, "JNU_1_rasp", 15, 16)
	repeated := o.Next("JNU_1_rasp", 100, 1<<20)
	require.Equal(t, append(readings(0, 10), readings(15, 16)...), values(repeated))
	require.NotEqual(t, repeated[0].Epoch, repeated[10].Epoch)
}

// Without a place for a new directory, records are delivered from memory. A later Open stores them.
func TestTheDirectoryCannotBeCreatedAgain(t *testing.T) {
	t.Parallel()
	parent := filepath.Join(t.TempDir(), "usb")
	dir := filepath.Join(parent, "outbox")
	o, reported := openAt(t, dir, nil)
	appendAll(t, o, "JNU_1_rasp", 0, 10)
	require.NoError(t, os.RemoveAll(parent))
	require.NoError(t, os.WriteFile(parent, nil, 0o600))
	o.checkDir()
	require.Contains(t, reported.all[0].Text, "it cannot be created again: cannot create the outbox: mkdir "+parent)
	require.False(t, o.IsOpen())
	require.ErrorIs(t, o.Append([]*Record{newRecord("JNU_1_rasp", 10)}), ErrNoDir)
	delivery := o.AppendInMemory([]*Record{newRecord("JNU_1_rasp", 10)})
	require.NotNil(t, delivery)

	require.NoError(t, os.Remove(parent))
	require.NoError(t, o.Open())
	require.EqualValues(t, 11, o.Stats().Pending)
	require.Equal(t, readings(0, 11), drain(o, "JNU_1_rasp"))
	<-delivery.Done()
}

// While the directory is away, numbers are given in an epoch that it does not know: it can come back after a crash.
func TestNumbersWhileTheDirectoryIsAway(t *testing.T) {
	t.Parallel()
	parent := filepath.Join(t.TempDir(), "usb")
	dir := filepath.Join(parent, "outbox")
	o, _ := openAt(t, dir, nil)
	appendAll(t, o, "JNU_1_rasp", 0, 10)
	require.NoError(t, os.Rename(parent, parent+"-old"))
	require.NoError(t, os.WriteFile(parent, nil, 0o600))
	o.checkDir()
	away := newRecord("JNU_1_rasp", 10)
	require.NotNil(t, o.AppendInMemory([]*Record{away}))

	require.NoError(t, os.Remove(parent)) // the process is killed, and the disk is back
	require.NoError(t, os.Rename(parent+"-old", parent))
	again, _ := openAt(t, dir, nil)
	appendAll(t, again, "JNU_1_rasp", 11, 15)
	for _, r := range again.Next("JNU_1_rasp", 100, 1<<20) {
		require.NotEqual(t, [2]uint64{away.Epoch, away.Seq}, [2]uint64{r.Epoch, r.Seq}, "%q", r.Value)
	}
}

// An outbox that is opened while records wait in memory has them, after those that it had.
func TestOpenStoresWhatIsInMemory(t *testing.T) {
	t.Parallel()
	dir := ownLogLeft(t)
	o := New(Options{Dir: dir, MaxBytes: 64 << 20, MaxRecords: 1 << 20, OnFull: Block})
	waiting := []*Record{newRecord("JNU_1_rasp", 100), newRecord("JNU_1_rasp", 101), newRecord("JNU_1_rasp", 102)}
	require.NotNil(t, o.AppendInMemory(waiting))
	inFlight := o.Next("JNU_1_rasp", 1, 1<<20)
	require.Len(t, o.Unsaved(waiting), 3)
	require.NoError(t, o.Open())
	require.Empty(t, o.Unsaved(waiting))
	require.EqualValues(t, 73, o.Stats().Pending)
	require.NoError(t, o.Close()) // as if it were killed

	again, _ := openAt(t, dir, nil)
	require.Equal(t, append(readings(0, 10), readings(100, 103)...), drain(again, "JNU_1_rasp"))
	require.NotEmpty(t, inFlight)
}
