package probe

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/telegraf-station/telegraf-station/bench/outbox/queue"
	"github.com/telegraf-station/telegraf-station/test/bed/disk"
)

// Appended is what the task "append" prints.
type Appended struct {
	// Device is what the block device got.
	Device disk.Written
	// Left is what the closed queue's files take of the disk when all records are acknowledged.
	Left int64
}

func (o *options) append() error {
	q, err := o.open(o.dir)
	if err != nil {
		return err
	}
	begin, err := disk.Stat(o.device, o.dir)
	if err != nil {
		return err
	}
	if err := errors.Join(o.appendAll(q), q.Close()); err != nil {
		return err
	}
	var result Appended
	if result.Left, err = taken(o.dir); err != nil {
		return err
	}
	if result.Device, err = disk.Stat(o.device, o.dir); err != nil {
		return err
	}
	result.Device = result.Device.Since(begin)
	return printJSON(result)
}

// appendAll appends batches, and acknowledges each when lag more are there; in the end all of them.
func (o *options) appendAll(q queue.Queue) error {
	begin := time.Now()
	for i := range o.n / o.batch {
		if o.pace > 0 {
			time.Sleep(time.Until(begin.Add(time.Duration(i) * o.pace)))
		}
		if err := q.Append(queue.Records(uint64(i*o.batch)+1, o.batch)); err != nil { //nolint:gosec // an index
			return err
		}
		if i < o.lag {
			continue
		}
		if err := q.Ack(o.batch); err != nil {
			return err
		}
	}
	for range min(o.lag, o.n/o.batch) {
		if err := q.Ack(o.batch); err != nil {
			return err
		}
	}
	return nil
}

// fill appends and acknowledges, and leaves the queue open as kill -9 does.
func (o *options) fill() error {
	q, err := o.open(o.dir)
	if err != nil {
		return err
	}
	for i := range o.n / o.batch {
		if i == o.n/o.batch-1 && o.before != "" {
			if err := os.CopyFS(o.before, os.DirFS(o.dir)); err != nil {
				return err
			}
		}
		if err := q.Append(queue.Records(uint64(i*o.batch)+1, o.batch)); err != nil { //nolint:gosec // an index
			return err
		}
		if done := (i + 1) * o.batch; done%100 == 0 && done <= o.acked {
			if err := q.Ack(100); err != nil {
				return err
			}
		}
	}
	return nil
}

// taken is the disk that a folder's files take.
func taken(dir string) (bytes int64, err error) {
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		var stat unix.Stat_t
		err = unix.Stat(path, &stat)
		bytes += stat.Blocks * 512
		return err
	})
	return bytes, err
}
