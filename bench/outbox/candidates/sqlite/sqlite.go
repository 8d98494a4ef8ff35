// Package sqlite is the queue on SQLite, translated to Go: one table, a write-ahead log, every transaction synced.
package sqlite

import (
	"database/sql"
	"errors"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver

	"github.com/telegraf-station/telegraf-station/bench/outbox/queue"
)

type db struct {
	*sql.DB
	// acked are to be deleted in the next transaction.
	acked int
}

// Open opens or makes the database.
func Open(dir string) (queue.Queue, error) {
	opened, err := sql.Open("sqlite", filepath.Join(dir, "outbox.db")+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_txlock=immediate")
	if err != nil {
		return nil, err
	}
	opened.SetMaxOpenConns(1)
	if _, err := opened.Exec("CREATE TABLE IF NOT EXISTS records (id INTEGER PRIMARY KEY, record BLOB NOT NULL)"); err != nil {
		return nil, errors.Join(err, opened.Close())
	}
	return &db{DB: opened}, nil
}

func (d *db) Append(records [][]byte) error {
	acked := d.acked
	tx, err := d.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // nothing to roll back after a commit
	for _, record := range records {
		if _, err := tx.Exec("INSERT INTO records (record) VALUES (?)", record); err != nil {
			return err
		}
	}
	if acked > 0 {
		_, err := tx.Exec("DELETE FROM records WHERE id IN (SELECT id FROM records ORDER BY id LIMIT ?)", acked)
		if err != nil {
			return err
		}
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	d.acked -= acked
	return nil
}

func (d *db) Ack(n int) error {
	d.acked += n
	return nil
}

func (d *db) Waiting(each func(record []byte) error) error {
	rows, err := d.Query("SELECT record FROM records ORDER BY id LIMIT -1 OFFSET ?", d.acked)
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // Err has it
	for rows.Next() {
		var record []byte
		if err := rows.Scan(&record); err != nil {
			return err
		}
		if err := each(record); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (d *db) Close() error {
	var err error
	if d.acked > 0 {
		err = d.Append(nil)
	}
	return errors.Join(err, d.DB.Close())
}
