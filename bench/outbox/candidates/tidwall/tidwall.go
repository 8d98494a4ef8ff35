// Package tidwall is the queue on tidwall/wal, which Telegraf's own disk buffer uses.
package tidwall

import (
	"errors"

	"github.com/tidwall/wal"

	"github.com/telegraf-station/telegraf-station/bench/outbox/entrylog"
	"github.com/telegraf-station/telegraf-station/bench/outbox/queue"
)

const segmentSize = 1 << 20

func openLog(dir string) (*wal.Log, error) {
	return wal.Open(dir, &wal.Options{SegmentSize: segmentSize, AllowEmpty: true})
}

// Open makes the queue with acknowledgements as entries; the log is shortened once a MiB.
func Open(dir string) (queue.Queue, error) {
	log, err := openLog(dir)
	if err != nil {
		return nil, err
	}
	return entrylog.New(&entries{log})
}

type entries struct{ *wal.Log }

func (e *entries) Append(first uint64, entries [][]byte) error {
	var batch wal.Batch
	for i, entry := range entries {
		batch.Write(first+uint64(i), entry)
	}
	return e.WriteBatch(&batch)
}

func (e *entries) Read(each func(index uint64, entry []byte) error) error {
	first, err := e.FirstIndex()
	if err != nil {
		return err
	}
	last, err := e.LastIndex()
	if err != nil {
		return err
	}
	for index := first; index <= last; index++ {
		entry, err := e.Log.Read(index)
		if err != nil {
			return err
		}
		if err := each(index, entry); err != nil {
			return err
		}
	}
	return nil
}

func (e *entries) DropBefore(index uint64) error { return e.TruncateFront(index) }

// OpenAsTelegraf makes the queue as models/buffer_disk.go of Telegraf 1.39.3 does with disk_sync: each acknowledgement shortens the log.
func OpenAsTelegraf(dir string) (queue.Queue, error) {
	log, err := openLog(dir)
	if err != nil {
		return nil, err
	}
	return &shortened{entries{log}}, nil
}

type shortened struct{ entries }

func (s *shortened) Append(records [][]byte) error {
	last, err := s.LastIndex()
	if err != nil {
		return err
	}
	return s.entries.Append(last+1, records)
}

func (s *shortened) Ack(n int) error {
	first, err := s.FirstIndex()
	if err != nil {
		return err
	}
	return s.TruncateFront(first + uint64(n)) //nolint:gosec // a count
}

func (s *shortened) Waiting(each func(record []byte) error) error {
	return s.Read(func(_ uint64, entry []byte) error { return each(entry) })
}

func (s *shortened) Close() error { return errors.Join(s.Sync(), s.Log.Close()) }
