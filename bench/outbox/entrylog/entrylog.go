// Package entrylog makes a queue of a log library that has no acknowledgements: they are entries of the same log.
package entrylog

import (
	"encoding/binary"
	"errors"

	"github.com/telegraf-station/telegraf-station/bench/outbox/queue"
)

// Log is a log of entries whose indices go up by one. Index 0 does not exist.
type Log interface {
	// Append puts entries behind the others, synced; the first of them has the index first.
	Append(first uint64, entries [][]byte) error
	// Read reads the entries from disk that the log still has, oldest first.
	Read(each func(index uint64, entry []byte) error) error
	// DropBefore gives up entries before index, or some of them. The last entry stays.
	DropBefore(index uint64) error
	Close() error
}

const (
	recordEntry = 'r'
	doneEntry   = 'd'
	// dropEvery is after how many entries the log is shortened: a MiB of records.
	dropEvery = 4096
)

type span struct{ from, to uint64 }

type logQueue struct {
	log  Log
	next uint64
	// waiting are the indices of the records that are not acknowledged.
	waiting []span
	// done is the index before which all is acknowledged; noted is what the log says, dropped what it was last shortened to.
	done, noted, dropped uint64
}

// New makes a queue of what the log holds.
func New(log Log) (queue.Queue, error) {
	q := &logQueue{log: log, next: 1}
	var records []span
	err := log.Read(func(index uint64, entry []byte) error {
		q.next = index + 1
		if len(entry) == 9 && entry[0] == doneEntry {
			q.noted = max(q.noted, binary.LittleEndian.Uint64(entry[1:]))
		} else {
			records = add(records, index, index)
		}
		return nil
	})
	if err != nil {
		return nil, errors.Join(err, log.Close())
	}
	q.done, q.dropped = q.noted, q.noted
	for _, s := range records {
		if s.to >= q.done {
			q.waiting = append(q.waiting, span{max(s.from, q.done), s.to})
		}
	}
	return q, nil
}

func add(spans []span, from, to uint64) []span {
	if n := len(spans); n > 0 && spans[n-1].to+1 == from {
		spans[n-1].to = to
		return spans
	}
	return append(spans, span{from, to})
}

func (q *logQueue) Append(records [][]byte) error {
	entries := make([][]byte, 0, len(records)+1)
	if q.done > q.noted {
		entries = append(entries, binary.LittleEndian.AppendUint64([]byte{doneEntry}, q.done))
	}
	first := q.next + uint64(len(entries))
	for _, record := range records {
		entries = append(entries, append([]byte{recordEntry}, record...))
	}
	if err := q.log.Append(q.next, entries); err != nil {
		return err
	}
	q.noted = q.done
	q.next += uint64(len(entries))
	if len(records) > 0 {
		q.waiting = add(q.waiting, first, q.next-1)
	}
	return nil
}

func (q *logQueue) Ack(n int) error {
	for left := uint64(n); left > 0 && len(q.waiting) > 0; { //nolint:gosec // a count
		s := &q.waiting[0]
		take := min(left, s.to-s.from+1)
		left -= take
		s.from += take
		q.done = s.from
		if s.from > s.to {
			q.waiting = q.waiting[1:]
		}
	}
	if q.done < q.dropped+dropEvery {
		return nil
	}
	q.dropped = q.done
	return q.log.DropBefore(min(q.noted, q.next-1))
}

func (q *logQueue) Waiting(each func(record []byte) error) error {
	return q.log.Read(func(index uint64, entry []byte) error {
		if index < q.done || len(entry) == 9 && entry[0] == doneEntry {
			return nil
		}
		if len(entry) == 0 {
			return each(nil)
		}
		return each(entry[1:])
	})
}

// Damage is what the log says of it.
func (q *logQueue) Damage() []string {
	if reporter, tells := q.log.(queue.Reporter); tells {
		return reporter.Damage()
	}
	return nil
}

func (q *logQueue) Close() error {
	var err error
	if q.done > q.noted {
		err = q.Append(nil)
	}
	return errors.Join(err, q.log.Close())
}
