//go:build real

package endtoend

import (
	"bytes"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/internal/outbox"
	"github.com/telegraf-station/telegraf-station/test/bed/arduino"
	"github.com/telegraf-station/telegraf-station/test/bed/kafka"
	"github.com/telegraf-station/telegraf-station/test/bed/telegraf"
)

const (
	damagedOutboxes = 200
	oldRecords      = 400
	// stalledRecords do not fit into memory, so that they get a log of their own.
	stalledRecords = 8500
)

// TestNoOutboxKeepsTelegrafDown starts the real program with randomly damaged, half deleted, and unusable outboxes. Each time it starts,
// delivers new readings, reports what it found, and stops; what was in the outbox is delivered or reported.
func TestNoOutboxKeepsTelegrafDown(t *testing.T) {
	t.Parallel()
	program, err := telegraf.Unprivileged(binary(t), publicDir(t))
	require.NoError(t, err)
	small, large := prepareOutbox(t, 0), prepareOutbox(t, stalledRecords)
	for i := range damagedOutboxes {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(uint64(i), 1)) //nolint:gosec // a seed
			template, old := small, oldRecords
			if i%10 == 0 {
				template, old = large, oldRecords+stalledRecords
			}
			surviveDamage(t, random, program, template, old)
		})
	}
}

func surviveDamage(t *testing.T, random *rand.Rand, program, template string, old int) {
	t.Helper()
	dir := publicDir(t)
	require.NoError(t, os.CopyFS(filepath.Join(dir, "outbox"), os.DirFS(template)))
	require.NoError(t, chownAll(dir))
	var damage []string
	for range 1 + random.IntN(4) {
		damage = append(damage, damageOutbox(t, random, filepath.Join(dir, "outbox")))
	}
	brokers := startEmbeddedKafka(t, kafka.EmbeddedOptions{Brokers: 3})
	station := telegraf.Station{Port: filepath.Join(dir, "ttyACM0"), DeviceID: "new", Site: "NEW", Index: "1", Type: "rasp", Brokers: brokers}
	board := plug(t, station.Port)
	require.NoError(t, os.Chmod(station.Port, 0o666))
	running, err := station.Start(program, dir)
	require.NoError(t, err)
	defer func() {
		if t.Failed() {
			t.Logf("damage: %s\nTelegraf log:\n%s", strings.Join(damage, "; "), running.Tail())
		}
	}()
	defer running.Kill() //nolint:errcheck // it has ended, unless the test failed
	waitForLog(t, running, "Loaded outputs: kafka_site")
	readings := arduino.Readings(1, 5)
	printAll(board, readings)
	requireInKafka(t, station, readings)
	delivered := distinct(t, brokers)
	if delivered < old {
		require.Eventually(t, func() bool {
			delivered = distinct(t, brokers)
			return delivered == old || reported.MatchString(running.Tail()) && settled(t, brokers, &delivered)
		}, 20*time.Second, time.Second, "%d of %d old records are neither delivered nor reported", old-delivered, old)
	}
	began := time.Now()
	require.NoError(t, running.Stop(time.Minute))
	require.Less(t, time.Since(began), 7*time.Second, "the promise is five, and this machine is busy")
	require.NotContains(t, running.Tail(), "panic")
}

// reported matches what the output logs about an outbox from which not all was delivered.
var reported = regexp.MustCompile(`\[outputs.kafka_site\] (Outbox: .*(lost|is damaged|are missing)|Outbox ".*" is new|.*readings are in memory only until the outbox can be used)`)

// settled reports whether no more old records arrive.
func settled(t *testing.T, brokers []string, before *int) bool {
	t.Helper()
	time.Sleep(time.Second)
	now := distinct(t, brokers)
	same := now == *before
	*before = now
	return same
}

// distinct counts the different old records in Kafka.
func distinct(t *testing.T, brokers []string) int {
	t.Helper()
	values := make(map[string]bool)
	for _, topic := range []string{"OLD_1_rasp", "STALLED_1_rasp"} {
		records, err := kafka.Records(t.Context(), brokers, topic)
		if err != nil {
			continue // the topic does not exist yet
		}
		for _, r := range records {
			values[topic+string(r.Value)] = true
		}
	}
	return len(values)
}

// prepareOutbox returns an outbox with pending records, of which stalled are in the log of their topic, and parked records.
func prepareOutbox(t *testing.T, stalled int) string {
	t.Helper()
	dir := t.TempDir()
	o := outbox.New(outbox.Options{Dir: dir, MaxBytes: 16 << 20, MaxRecords: uint64(2*stalled + 800), OnFull: outbox.Block}) // eight segments
	require.NoError(t, o.Open())
	fill := func(topic string, n int) {
		var batch []*outbox.Record
		for i := range n {
			value := fmt.Sprintf(`{"device_id":"old","status":0,"time":"2026-11-24T03:05:27.%09dZ"}`, i)
			batch = append(batch, &outbox.Record{Topic: topic, Device: "old", Time: int64(i), Value: []byte(value)})
			if len(batch) == 100 {
				require.NoError(t, o.Append(batch))
				batch = nil
			}
		}
	}
	fill("STALLED_1_rasp", stalled)
	if stalled > 0 {
		o.Stall("STALLED_1_rasp")
	}
	fill("OLD_1_rasp", oldRecords)
	for i := range 3 {
		require.NoError(t, o.ParkMetric(&outbox.Parked{Reason: "a test", Metric: fmt.Sprintf("old value=%d", i)}))
	}
	require.NoError(t, o.Close())
	if stalled > 0 {
		require.DirExists(t, filepath.Join(dir, "queue-STALLED_1_rasp"))
	}
	return dir
}

// damageOutbox damages one random entry, or adds one, and returns what it did.
func damageOutbox(t *testing.T, random *rand.Rand, dir string) string {
	t.Helper()
	var paths []string
	_ = filepath.WalkDir(dir, func(path string, _ fs.DirEntry, _ error) error {
		paths = append(paths, path)
		return nil
	})
	path := paths[random.IntN(len(paths))]
	info, err := os.Stat(path)
	if err != nil {
		return "nothing"
	}
	name, _ := filepath.Rel(dir, path)
	kinds := []string{"removed", "root's", "closed", "replaced by a link to itself", "replaced by a file", "replaced by a directory", "stray entries"}
	if !info.IsDir() {
		kinds = append(kinds, "truncated", "flipped", "emptied", "zeroed", "appended to", "truncated", "flipped")
	}
	kind := kinds[random.IntN(len(kinds))]
	require.NoError(t, applyDamage(random, kind, path, info), "%s %s", name, kind)
	return name + " " + kind
}

func applyDamage(random *rand.Rand, kind, path string, info fs.FileInfo) error {
	switch kind {
	case "removed":
		return os.RemoveAll(path)
	case "root's":
		if err := os.Chown(path, 0, 0); err != nil {
			return err
		}
		return os.Chmod(path, info.Mode().Perm()&0o700)
	case "closed":
		return os.Chmod(path, 0)
	case "replaced by a link to itself":
		return replace(path, func() error { return os.Symlink(path, path) })
	case "replaced by a file":
		return replace(path, func() error { return os.WriteFile(path, []byte("not ours"), 0o600) })
	case "replaced by a directory":
		return replace(path, func() error { return os.Mkdir(path, 0o700) })
	case "stray entries":
		return addStray(path, info)
	case "truncated":
		return os.Truncate(path, random.Int64N(info.Size()+1))
	case "emptied":
		return os.Truncate(path, 0)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	switch kind {
	case "zeroed":
		data = make([]byte, len(data))
	case "appended to":
		data = append(data, bytes.Repeat([]byte{0xF7, 'T', 'S', 'r'}, 100)...)
	default:
		if used := len(bytes.TrimRight(data, "\x00")); used > 0 {
			data[random.IntN(used)] ^= byte(1 + random.IntN(255))
		}
	}
	return os.WriteFile(path, data, 0o600)
}

func replace(path string, create func() error) error {
	if err := os.RemoveAll(path); err != nil {
		return err
	}
	if err := create(); err != nil {
		return err
	}
	return os.Lchown(path, telegraf.ServiceUser, telegraf.ServiceUser)
}

// addStray adds what does not belong into an outbox.
func addStray(path string, info fs.FileInfo) error {
	if !info.IsDir() {
		path = filepath.Dir(path)
	}
	for _, name := range []string{"queue-..", "queue-x y", "queue-EMPTY_1_rasp", "ffffffffffffffff.log"} {
		if err := os.MkdirAll(filepath.Join(path, name), 0o750); err != nil {
			return err
		}
	}
	for _, name := range []string{"queue-x", "notes.txt", "00000000000000aa.log", "1.json"} {
		if err := os.WriteFile(filepath.Join(path, name), []byte("mine"), 0o600); err != nil {
			return err
		}
	}
	return chownAll(path)
}

func chownAll(dir string) error {
	return filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, telegraf.ServiceUser, telegraf.ServiceUser) //nolint:gosec // the test's own
	})
}

// publicDir returns a directory that every user can enter, unlike t.TempDir.
func publicDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "outbox") //nolint:usetesting // see above
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	require.NoError(t, os.Chmod(dir, 0o755))
	return dir
}
