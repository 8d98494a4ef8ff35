// Package bolt is the queue on bbolt: one bucket, the record's number as the key.
package bolt

import (
	"encoding/binary"
	"errors"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"

	"github.com/telegraf-station/telegraf-station/bench/outbox/queue"
)

var bucketName = []byte("records")

type db struct {
	*bbolt.DB
	// acked are to be deleted in the next transaction: each one costs two syncs.
	acked int
}

// Open opens or makes the database with bbolt's defaults, but for the free list, which need not be written: it is found again.
func Open(dir string) (queue.Queue, error) {
	opened, err := bbolt.Open(filepath.Join(dir, "outbox.db"), 0o600, &bbolt.Options{
		Timeout: 10 * time.Second, NoFreelistSync: true, FreelistType: bbolt.FreelistMapType,
	})
	if err != nil {
		return nil, err
	}
	err = opened.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucketIfNotExists(bucketName)
		return err
	})
	if err != nil {
		return nil, errors.Join(err, opened.Close())
	}
	return &db{DB: opened}, nil
}

func (d *db) Append(records [][]byte) error {
	acked := d.acked
	err := d.Update(func(tx *bbolt.Tx) error {
		bucket := tx.Bucket(bucketName)
		bucket.FillPercent = 1 // keys only grow
		for _, record := range records {
			n, err := bucket.NextSequence()
			if err != nil {
				return err
			}
			if err := bucket.Put(binary.BigEndian.AppendUint64(nil, n), record); err != nil {
				return err
			}
		}
		return deleteOldest(bucket, acked)
	})
	if err == nil {
		d.acked -= acked
	}
	return err
}

func deleteOldest(bucket *bbolt.Bucket, n int) error {
	cursor := bucket.Cursor()
	for key, _ := cursor.First(); key != nil && n > 0; key, _ = cursor.First() {
		if err := cursor.Delete(); err != nil {
			return err
		}
		n--
	}
	return nil
}

func (d *db) Ack(n int) error {
	d.acked += n
	return nil
}

func (d *db) Waiting(each func(record []byte) error) error {
	return d.View(func(tx *bbolt.Tx) error {
		skip := d.acked
		return tx.Bucket(bucketName).ForEach(func(_, record []byte) error {
			if skip > 0 {
				skip--
				return nil
			}
			return each(record)
		})
	})
}

func (d *db) Close() error {
	var err error
	if d.acked > 0 {
		err = d.Append(nil)
	}
	return errors.Join(err, d.DB.Close())
}
