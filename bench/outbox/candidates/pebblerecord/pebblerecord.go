// Package pebblerecord is the queue on the log format of Pebble's write-ahead log: blocks of 32 KiB, checksums, preallocated files.
// The library reads and writes a file; segments, their names and their removal are ours.
package pebblerecord

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/cockroachdb/pebble/v2/record"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/telegraf-station/telegraf-station/bench/outbox/entrylog"
	"github.com/telegraf-station/telegraf-station/bench/outbox/queue"
)

const (
	segmentSize = 1 << 20
	// logNumber tells a file's chunks from those of the file that it was recycled from; ours are not recycled.
	logNumber = 1
)

type log struct {
	dir string
	// firsts are the indices that the segments begin with.
	firsts []uint64
	writer *record.LogWriter
	size   int64
	damage []string
}

// Open opens or makes the log.
func Open(dir string) (queue.Queue, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.log"))
	if err != nil {
		return nil, err
	}
	l := &log{dir: dir}
	for _, name := range names {
		first, err := strconv.ParseUint(filepath.Base(name)[:16], 16, 64)
		if err != nil {
			return nil, err
		}
		l.firsts = append(l.firsts, first)
	}
	return entrylog.New(l)
}

func (l *log) path(first uint64) string { return filepath.Join(l.dir, fmt.Sprintf("%016x.log", first)) }

func (l *log) Append(first uint64, entries [][]byte) error {
	if l.writer == nil || l.size >= segmentSize {
		if err := l.roll(first); err != nil {
			return err
		}
	}
	err := l.write(entries)
	if err != nil { // what the file holds is unknown: the next entries go to another
		_ = l.writer.Close()
		l.writer = nil
	}
	return err
}

func (l *log) write(entries [][]byte) error {
	for i, entry := range entries {
		var synced sync.WaitGroup
		var err, syncErr error
		if i < len(entries)-1 {
			l.size, err = l.writer.WriteRecord(entry)
		} else {
			synced.Add(1)
			if l.size, err = l.writer.SyncRecord(entry, &synced, &syncErr); err == nil {
				synced.Wait()
			}
		}
		if err := errors.Join(err, syncErr); err != nil {
			return err
		}
	}
	return nil
}

func (l *log) roll(first uint64) error {
	if l.writer != nil {
		err := l.writer.Close()
		if l.writer = nil; err != nil {
			return err
		}
	}
	file, err := vfs.Default.Create(l.path(first), vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	file = vfs.NewSyncingFile(file, vfs.SyncingFileOptions{PreallocateSize: segmentSize})
	l.writer, l.size = record.NewLogWriter(file, logNumber, record.LogWriterConfig{
		WriteWALSyncOffsets: func() bool { return true },
	}), 0
	if n := len(l.firsts); n == 0 || l.firsts[n-1] != first {
		l.firsts = append(l.firsts, first)
	}
	dir, err := os.Open(l.dir)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

func (l *log) Read(each func(index uint64, entry []byte) error) error {
	l.damage = nil
	for i, first := range l.firsts {
		end := uint64(0)
		if i+1 < len(l.firsts) {
			end = l.firsts[i+1]
		}
		if err := l.readSegment(first, end, each); err != nil {
			return err
		}
	}
	return nil
}

// readSegment reads up to the index end, with which the next segment begins; 0 if there is none.
func (l *log) readSegment(first, end uint64, each func(index uint64, entry []byte) error) error {
	file, err := os.Open(l.path(first))
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // it is only read
	reader := record.NewReader(file, logNumber)
	for index := first; end == 0 || index < end; index++ {
		entry, err := nextEntry(reader)
		if err != nil {
			torn := errors.Is(err, io.EOF) || errors.Is(err, record.ErrUnexpectedEOF)
			if end != 0 || !torn {
				l.damage = append(l.damage, fmt.Sprintf("%s: entry %d: %v", file.Name(), index, err))
			}
			return nil // it is kept, and the next segment is read
		}
		if err := each(index, entry); err != nil {
			return err
		}
	}
	return nil
}

func nextEntry(reader *record.Reader) ([]byte, error) {
	next, err := reader.Next()
	if err != nil {
		return nil, err
	}
	return io.ReadAll(next)
}

// Damage says what could not be read.
func (l *log) Damage() []string { return l.damage }

func (l *log) DropBefore(index uint64) error {
	for len(l.firsts) > 1 && l.firsts[1] <= index {
		if err := os.Remove(l.path(l.firsts[0])); err != nil {
			return err
		}
		l.firsts = l.firsts[1:]
	}
	return nil
}

func (l *log) Close() error {
	if l.writer == nil {
		return nil
	}
	return l.writer.Close()
}
