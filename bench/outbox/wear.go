package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/telegraf-station/telegraf-station/bench/outbox/probe"
	"github.com/telegraf-station/telegraf-station/test/bed/disk"
)

const (
	cardSize     = 2 << 30
	synced       = 2_000
	pacedFor     = 600
	bulkRecords  = 200_000
	bulkBatch    = 500
	bulkLag      = 40
	timedRecords = 2_000
)

// wear counts what the card gets for single records, each synced and acknowledged before the next.
func wear(ctx context.Context, b *bench, c candidate, t *table) error {
	got, err := b.appended(ctx, c, "-n", strconv.Itoa(synced))
	if err != nil {
		return err
	}
	t.set("one record per synced append: bytes to the device per record", c, "%d", got.Device.Bytes/synced)
	t.set("… in requests, flushes included", c, "%.1f", float64(got.Device.Requests)/synced)
	return nil
}

// paced counts the same at one record a second, when the file system also writes its journal every five seconds. The candidates
// run side by side, each on a disk of its own.
func paced(ctx context.Context, b *bench, chosen []candidate, t *table) error {
	for _, c := range chosen {
		if _, err := b.probe(ctx, c, ""); err != nil {
			return err
		}
	}
	errs := make([]error, len(chosen))
	var all sync.WaitGroup
	for i, c := range chosen {
		all.Go(func() {
			got, err := b.appended(ctx, c, "-n", strconv.Itoa(pacedFor), "-pace", time.Second.String())
			if errs[i] = err; err == nil {
				t.set(fmt.Sprintf("one record a second, for %d s: bytes to the device per record", pacedFor), c, "%d", got.Device.Bytes/pacedFor)
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

func bulk(ctx context.Context, b *bench, c candidate, t *table) error {
	got, err := b.appended(ctx, c, "-n", strconv.Itoa(bulkRecords), "-batch", strconv.Itoa(bulkBatch), "-lag", strconv.Itoa(bulkLag))
	if err != nil {
		return err
	}
	t.set("200,000 records in batches of 500: bytes to the device per record", c, "%d", got.Device.Bytes/bulkRecords)
	t.set("… and the disk that is still taken when all are acknowledged", c, "%.1f MB", float64(got.Left)/1e6)
	return nil
}

func (b *bench) appended(ctx context.Context, c candidate, args ...string) (got probe.Appended, err error) {
	err = b.onDisk(c, cardSize, func(d *disk.Disk) error {
		return b.do(ctx, c, &got, "append", append(args, "-dir", filepath.Join(d.Dir, "queue"), "-device", d.Device)...)
	})
	return got, err
}

// onDisk makes a disk for something.
func (b *bench) onDisk(c candidate, size int64, do func(d *disk.Disk) error) error {
	folder, err := os.MkdirTemp(b.folder, "disk-")
	if err != nil {
		return err
	}
	d, err := disk.Make(folder, strings.ReplaceAll(c.pkg+c.open, " ", "-"), size)
	if err != nil {
		return err
	}
	return errors.Join(do(d), d.Remove())
}

// timing compares the time of an append with that of a bare one.
func timing(ctx context.Context, b *bench, c candidate, t *table) error {
	var got probe.Timed
	err := b.onDisk(c, cardSize, func(d *disk.Disk) error {
		return b.do(ctx, c, &got, "time", "-n", strconv.Itoa(timedRecords),
			"-dir", filepath.Join(d.Dir, "queue"), "-beside", filepath.Join(d.Dir, "bare"))
	})
	if err != nil {
		return err
	}
	t.set("time of a synced append with its acknowledgement, to that of a bare pwrite and fdatasync (median)", c,
		"%.1f", float64(got.Queue)/float64(got.Bare))
	return nil
}
