// Package pebbledb is the queue on Pebble: the record's number as the key, every batch synced.
package pebbledb

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"github.com/cockroachdb/pebble/v2"

	"github.com/telegraf-station/telegraf-station/bench/outbox/queue"
)

type db struct {
	*pebble.DB
	first, next uint64
}

// quiet prints only what ends the process, which Pebble does by itself.
type quiet struct{}

func (quiet) Infof(string, ...any)  {}
func (quiet) Errorf(string, ...any) {}
func (quiet) Fatalf(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "pebble ends the process: "+format+"\n", args...)
	os.Exit(1)
}

// Open opens or makes the database with Pebble's defaults.
func Open(dir string) (queue.Queue, error) {
	opened, err := pebble.Open(dir, &pebble.Options{Logger: quiet{}, FormatMajorVersion: pebble.FormatNewest})
	if err != nil {
		return nil, err
	}
	d := &db{DB: opened, first: 1, next: 1}
	if err := d.find(); err != nil {
		return nil, errors.Join(err, opened.Close())
	}
	return d, nil
}

// find looks for the first and the last record.
func (d *db) find() error {
	it, err := d.NewIter(nil)
	if err != nil {
		return err
	}
	if it.First() {
		d.first = binary.BigEndian.Uint64(it.Key())
	}
	if it.Last() {
		d.next = binary.BigEndian.Uint64(it.Key()) + 1
	}
	return errors.Join(it.Error(), it.Close())
}

func key(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

func (d *db) Append(records [][]byte) error {
	batch := d.NewBatch()
	defer batch.Close() //nolint:errcheck // it is committed, or not wanted
	for i, record := range records {
		if err := batch.Set(key(d.next+uint64(i)), record, nil); err != nil {
			return err
		}
	}
	if err := batch.Commit(pebble.Sync); err != nil {
		return err
	}
	d.next += uint64(len(records))
	return nil
}

func (d *db) Ack(n int) error {
	from := d.first
	d.first += uint64(n) //nolint:gosec // a count
	if n == 1 {
		return d.Delete(key(from), pebble.NoSync)
	}
	return d.DeleteRange(key(from), key(d.first), pebble.NoSync)
}

func (d *db) Waiting(each func(record []byte) error) error {
	it, err := d.NewIter(nil)
	if err != nil {
		return err
	}
	defer it.Close() //nolint:errcheck // Error has it
	for sound := it.First(); sound; sound = it.Next() {
		value, err := it.ValueAndErr()
		if err != nil {
			return err
		}
		if err := each(value); err != nil {
			return err
		}
	}
	return it.Error()
}
