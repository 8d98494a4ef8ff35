// Package raftwal is the queue on hashicorp/raft-wal: preallocated segments with checksums, and their list in a bbolt database.
package raftwal

import (
	"errors"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
	raftwal "github.com/hashicorp/raft-wal"
	"github.com/hashicorp/raft-wal/metadb"

	"github.com/telegraf-station/telegraf-station/bench/outbox/entrylog"
	"github.com/telegraf-station/telegraf-station/bench/outbox/queue"
)

type log struct {
	*raftwal.WAL
	// meta is ours to close: the library's Close leaves it locked, so that the next Open in the same process waits for ever.
	meta *metadb.BoltMetaDB
}

// Open opens or makes the log, with segments of a MiB (its own default is 64).
func Open(dir string) (queue.Queue, error) {
	meta := &metadb.BoltMetaDB{}
	opened, err := raftwal.Open(dir, raftwal.WithSegmentSize(1<<20), raftwal.WithLogger(hclog.NewNullLogger()), raftwal.WithMetaStore(meta))
	if err != nil {
		return nil, errors.Join(err, meta.Close())
	}
	return entrylog.New(&log{opened, meta})
}

func (l *log) Append(first uint64, entries [][]byte) error {
	logs := make([]*raft.Log, len(entries))
	for i, entry := range entries {
		logs[i] = &raft.Log{Index: first + uint64(i), Data: entry}
	}
	return l.StoreLogs(logs)
}

func (l *log) Read(each func(index uint64, entry []byte) error) error {
	first, err := l.FirstIndex()
	if err != nil {
		return err
	}
	last, err := l.LastIndex()
	if err != nil || last == 0 {
		return err
	}
	for index := first; index <= last; index++ {
		var entry raft.Log
		if err := l.GetLog(index, &entry); err != nil {
			return err
		}
		if err := each(index, entry.Data); err != nil {
			return err
		}
	}
	return nil
}

func (l *log) DropBefore(index uint64) error {
	first, err := l.FirstIndex()
	if err != nil || index <= first {
		return err
	}
	return l.DeleteRange(first, index-1)
}

func (l *log) Close() error { return errors.Join(l.WAL.Close(), l.meta.Close()) }
