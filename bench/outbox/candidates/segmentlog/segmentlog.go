// Package segmentlog stands in for internal/outbox: the same files and frames without all that is around them. Every variant writes
// with pwrite and fdatasync, to segments of a MiB.
package segmentlog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/telegraf-station/telegraf-station/bench/outbox/queue"
)

const (
	segmentSize = 1 << 20
	zeroAhead   = 64 << 10
	small       = 16 << 10
)

// room is how a segment gets the room that is written to.
type room int

const (
	growing     room = iota // each append makes the file longer
	zeroed                  // it is filled with zeros ahead, 64 KiB at a time
	zeroedSmall             // the same, but an append of many records only makes the file longer
	allocated               // fallocate reserves it when it is made
)

// Open lets an append make the file longer.
func Open(dir string) (queue.Queue, error) { return open(dir, growing) }

// OpenZeroed fills the file with zeros, 64 KiB ahead.
func OpenZeroed(dir string) (queue.Queue, error) { return open(dir, zeroed) }

// OpenZeroedSmall does that for appends below 16 KiB: the others come seldom enough to pay for their metadata.
func OpenZeroedSmall(dir string) (queue.Queue, error) { return open(dir, zeroedSmall) }

// OpenAllocated reserves the segment's room by fallocate when it is made.
func OpenAllocated(dir string) (queue.Queue, error) { return open(dir, allocated) }

type log struct {
	dir  string
	room room
	// firsts are the ids that the segments begin with; only the last segment is written to, by file.
	firsts       []uint64
	file         *os.File
	size, filled int64
	// next is the id of the next record, done that of the oldest waiting one.
	next, done uint64
	damage     []string
}

func open(dir string, room room) (queue.Queue, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.log"))
	if err != nil {
		return nil, err
	}
	l := &log{dir: dir, room: room, next: 1, done: 1}
	for _, name := range names {
		first, err := strconv.ParseUint(filepath.Base(name)[:16], 16, 64)
		if err != nil {
			return nil, err
		}
		l.firsts = append(l.firsts, first)
		l.next, l.done = max(l.next, first), max(l.done, l.firsts[0])
	}
	return l, l.frames(func(f frame) error {
		if f.kind == doneFrame {
			l.done = max(l.done, f.id)
		} else {
			l.next = max(l.next, f.id+1)
		}
		return nil
	})
}

func (l *log) path(first uint64) string { return filepath.Join(l.dir, fmt.Sprintf("%016x.log", first)) }

// Append writes records and syncs. After a failed sync the next append goes to a new segment.
func (l *log) Append(records [][]byte) error {
	if l.file == nil || l.size >= segmentSize {
		if err := l.roll(); err != nil {
			return err
		}
	}
	var data []byte
	for i, record := range records {
		data = appendFrame(data, recordFrame, l.next+uint64(i), i, record)
	}
	if err := l.write(data); err != nil {
		return err
	}
	if err := unix.Fdatasync(int(l.file.Fd())); err != nil {
		err = errors.Join(fmt.Errorf("fdatasync: %w", err), l.file.Close())
		l.file = nil
		return err
	}
	l.next += uint64(len(records))
	return nil
}

func (l *log) write(data []byte) error {
	end := l.size + int64(len(data))
	if end > l.filled && (l.room == zeroed || l.room == zeroedSmall && len(data) < small) {
		filled := (end/zeroAhead + 1) * zeroAhead
		data = append(data, make([]byte, filled-end)...)
	}
	if _, err := l.file.WriteAt(data, l.size); err != nil {
		return err
	}
	l.filled = max(l.filled, l.size+int64(len(data)))
	l.size = end
	return nil
}

func (l *log) roll() error {
	if l.file != nil {
		err := errors.Join(unix.Fdatasync(int(l.file.Fd())), l.file.Close())
		if l.file = nil; err != nil {
			return err
		}
	}
	file, err := os.OpenFile(l.path(l.next), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	l.file, l.size, l.filled = file, 0, 0
	if n := len(l.firsts); n == 0 || l.firsts[n-1] != l.next {
		l.firsts = append(l.firsts, l.next)
	}
	err = l.prepare()
	if err == nil { // older segments may be gone before another note is written
		err = l.write(appendFrame(nil, doneFrame, l.done, 0, nil))
	}
	if err != nil {
		err = errors.Join(err, l.file.Close())
		l.file = nil
	}
	return err
}

func (l *log) prepare() error {
	if l.room == allocated {
		if err := unix.Fallocate(int(l.file.Fd()), 0, 0, segmentSize); err != nil {
			return err
		}
	}
	if err := l.file.Sync(); err != nil {
		return err
	}
	dir, err := os.Open(l.dir)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// Ack writes a note, which the next append syncs. Where it cannot be written, records are repeated after a restart.
func (l *log) Ack(n int) error {
	l.done += uint64(n) //nolint:gosec // a count
	var err error
	if l.file != nil {
		err = l.write(appendFrame(nil, doneFrame, l.done, 0, binary.AppendUvarint(nil, uint64(n)))) //nolint:gosec // a count
	}
	for len(l.firsts) > 1 && l.firsts[1] <= l.done {
		if err := os.Remove(l.path(l.firsts[0])); err != nil {
			return err
		}
		l.firsts = l.firsts[1:]
	}
	return err
}

func (l *log) Waiting(each func(record []byte) error) error {
	expected := l.done
	err := l.frames(func(f frame) error {
		if f.kind != recordFrame || f.id < l.done {
			return nil
		}
		if f.id > expected {
			l.damage = append(l.damage, fmt.Sprintf("records %d to %d are lost", expected, f.id-1))
		}
		expected = f.id + 1
		return each(f.payload)
	})
	if err == nil && expected < l.next {
		l.damage = append(l.damage, fmt.Sprintf("records %d to %d are lost", expected, l.next-1))
	}
	return err
}

// frames reads all frames. Of a segment whose last append failed, only those count that the next one does not repeat.
func (l *log) frames(each func(frame) error) error {
	l.damage = nil
	for i, first := range l.firsts {
		data, err := os.ReadFile(l.path(first))
		if err != nil {
			return err
		}
		damaged, err := scan(data, func(f frame) error {
			if f.kind == recordFrame && i+1 < len(l.firsts) && f.id >= l.firsts[i+1] {
				return nil
			}
			return each(f)
		})
		if err != nil {
			return err
		}
		if damaged > 0 {
			l.damage = append(l.damage, fmt.Sprintf("%s has %d damaged places", l.path(first), damaged))
		}
	}
	return nil
}

// Damage says what the last reading found.
func (l *log) Damage() []string { return l.damage }

func (l *log) Close() error {
	if l.file == nil {
		return nil
	}
	return errors.Join(unix.Fdatasync(int(l.file.Fd())), l.file.Close())
}
