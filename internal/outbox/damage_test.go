package outbox

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

const damagedRecords = 40

// crashed is the only segment of an outbox that was not closed: 35 records one by one and five with one sync.
func crashed(t *testing.T) (name string, data []byte) {
	t.Helper()
	dir := t.TempDir()
	o, _ := openAt(t, dir, nil)
	appendAll(t, o, "JNU_1_rasp", 0, damagedRecords-5)
	var batch []*Record
	for i := damagedRecords - 5; i < damagedRecords; i++ {
		batch = append(batch, newRecord("JNU_1_rasp", i))
	}
	require.NoError(t, o.Append(batch))
	files, err := filepath.Glob(filepath.Join(dir, "log", "*"))
	require.NoError(t, err)
	require.Len(t, files, 1)
	data, err = os.ReadFile(files[0])
	require.NoError(t, err)
	return filepath.Base(files[0]), data
}

// reopen opens an outbox with such a segment and delivers all of it.
func reopen(t *testing.T, name string, data []byte) (delivered []*Record, reported *incidents) {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "log"), 0o750))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "log", name), data, 0o600))
	reported = &incidents{}
	o := New(Options{Dir: dir, MaxBytes: 64 << 20, MaxRecords: 1 << 20, OnFull: Block, Report: reported.add})
	require.NoError(t, o.Open())
	require.NoError(t, o.Append([]*Record{newRecord("JNU_1_rasp", damagedRecords)}))
	for records := next(o, "JNU_1_rasp", 100); len(records) > 0; records = next(o, "JNU_1_rasp", 100) {
		delivered = append(delivered, records...)
		o.Acknowledge(records)
	}
	o.catchUp()
	require.Zero(t, o.Stats().Pending)
	require.NoError(t, o.Close())
	return delivered, reported
}

// requireSound wants the records in order, each as it was written, none twice, the new one last, and no number for two.
func requireSound(t *testing.T, delivered []*Record, at int) (missing int) {
	t.Helper()
	expected := readings(0, damagedRecords+1)
	numbers := make(map[string]bool)
	next := 0
	for _, r := range delivered {
		i := slices.Index(expected[next:], string(r.Value))
		require.GreaterOrEqual(t, i, 0, "damage at %d: %q is out of order, changed or new", at, r.Value)
		missing += i
		next += i + 1
		number := fmt.Sprint(r.Epoch, " ", r.Seq)
		require.False(t, numbers[number], "damage at %d: number %s twice", at, number)
		numbers[number] = true
	}
	require.Equal(t, len(expected), next, "damage at %d: the new record is there", at)
	return missing
}

// lastPage are the offsets of the last 4096 bytes that were written.
func lastPage(data []byte) (from, to int) {
	used := len(bytes.TrimRight(data, "\x00"))
	return max(len(formatName), used-4096), used
}

func TestATailTruncatedAnywhere(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("slow: half a minute for every byte of a page")
	}
	name, data := crashed(t)
	from, to := lastPage(data)
	for at := from; at < to; at++ {
		delivered, reported := reopen(t, name, data[:at])
		missing := requireSound(t, delivered, at)
		require.NotEmpty(t, reported.all, "cut at %d is not reported", at)
		if missing < damagedRecords {
			require.NotEqual(t, delivered[0].Epoch, delivered[len(delivered)-1].Epoch, "cut at %d: numbers may have been given", at)
		}
		sound, _ := scan(data[len(formatName):at], int64(len(formatName)))
		require.Equal(t, damagedRecords-len(content{frames: sound}.records()), missing, "cut at %d: whatever is whole arrives", at)
	}
}

func TestAByteFlippedAnywhere(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("slow: half a minute for every byte of a page")
	}
	name, data := crashed(t)
	from, to := lastPage(data)
	for at := from; at < to; at++ {
		damaged := slices.Clone(data)
		damaged[at] ^= 0xFF
		delivered, reported := reopen(t, name, damaged)
		missing := requireSound(t, delivered, at)
		require.LessOrEqual(t, missing, 1, "flip at %d: one record at most", at)
		if missing > 0 {
			require.NotEmpty(t, reported.all, "flip at %d is not reported", at)
		}
	}
}

// A hole of zeros in the last append, as a page that was not written: what is behind it arrives, under new numbers.
func TestAPageThatWasNotWritten(t *testing.T) {
	t.Parallel()
	name, data := crashed(t)
	frames, _ := scan(data[len(formatName):], int64(len(formatName)))
	records := content{frames: frames}.records()
	second := records[len(records)-4]
	copy(data[second.offset:second.end()], make([]byte, second.end()-second.offset))
	delivered, reported := reopen(t, name, data)
	require.Equal(t, 1, requireSound(t, delivered, int(second.offset)))
	require.Len(t, reported.all, 1)
	require.Contains(t, reported.all[0].Text, "probably by a power cut")
	require.Equal(t, delivered[damagedRecords-4].Epoch, delivered[damagedRecords-1].Epoch)
	require.NotEqual(t, delivered[0].Epoch, delivered[damagedRecords-1].Epoch)
}

func TestForeignAndEmptyFilesAreLeftAlone(t *testing.T) {
	t.Parallel()
	name, data := crashed(t)
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "log"), 0o750))
	for other, content := range map[string][]byte{name: data, "ffff.log": nil, "0000000000001000.log": nil, "notes.txt": []byte("mine")} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "log", other), content, 0o600))
	}
	o, _ := openAt(t, dir, nil)
	require.Equal(t, readings(0, damagedRecords), drain(o, "JNU_1_rasp"))
	require.FileExists(t, filepath.Join(dir, "log", "notes.txt"))
}

func FuzzScan(f *testing.F) {
	one := frame{kind: recordFrame, id: 7, payload: newRecord("JNU_1_rasp", 1).appendTo(nil)}
	f.Add(one.appendTo(nil), one.appendTo([]byte("garbage")))
	f.Fuzz(func(t *testing.T, before, after []byte) {
		data := append(append(slices.Clone(before), one.appendTo(nil)...), after...)
		frames, _ := scan(data, 0)
		for _, each := range frames {
			if each.kind == recordFrame {
				_, _ = readRecord(each.payload)
			}
			p := decoder{data: each.payload}
			p.done()
			require.LessOrEqual(t, each.end(), int64(len(data)))
		}
	})
}
