package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/telegraf-station/telegraf-station/bench/outbox/probe"
)

const waiting = 100_000

// arm builds for the oldest Raspberry Pi, runs that under qemu-arm, and weighs it.
func arm(ctx context.Context, b *bench, c candidate, t *table) error {
	const size, runs = "bytes added to a stripped program for GOARM=6", "runs under qemu-arm"
	base, err := b.size(ctx, none)
	if err != nil {
		return err
	}
	own, err := b.size(ctx, c)
	if err != nil {
		t.set(size, c, "does not build: %s", head(err.Error()))
		return nil // that is the finding
	}
	t.set(size, c, "%.1f MB", float64(own-base)/1e6)
	if err := b.smoke(ctx, c); err != nil {
		t.set(runs, c, "no: %s", err)
		return nil
	}
	t.set(runs, c, "yes")
	return nil
}

func (b *bench) size(ctx context.Context, c candidate) (int64, error) {
	program, err := b.probe(ctx, c, "arm")
	if err != nil {
		return 0, err
	}
	info, err := os.Stat(program)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// smoke appends some records, and reads them in another process.
func (b *bench) smoke(ctx context.Context, c candidate) error {
	program, err := b.probe(ctx, c, "arm")
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp(b.folder, "arm-")
	if err != nil {
		return err
	}
	dir = filepath.Join(dir, "queue")
	if err := output(exec.CommandContext(ctx, "qemu-arm", program, "fill", "-dir", dir, "-n", "500", "-acked", "100"), nil); err != nil { //nolint:gosec // what b built
		return err
	}
	var found probe.Found
	if err := output(exec.CommandContext(ctx, "qemu-arm", program, "verify", "-dir", dir), &found); err != nil { //nolint:gosec // what b built
		return err
	}
	return complete(found, 101, 500)
}

// memory looks at the resident memory while records wait.
func memory(ctx context.Context, b *bench, c candidate, t *table) error {
	base, err := b.resident(ctx, none)
	if err != nil {
		return err
	}
	own, err := b.resident(ctx, c)
	if err != nil {
		return err
	}
	t.set("resident memory with 100,000 records waiting, above that of no queue (median of 3)", c, "%.1f MB", max(0, float64(own-base)/1e6))
	return nil
}

func (b *bench) resident(ctx context.Context, c candidate) (int64, error) {
	var all []int64
	for range 3 {
		dir, err := os.MkdirTemp(b.folder, "memory-")
		if err != nil {
			return 0, err
		}
		var got probe.Memory
		if err := b.do(ctx, c, &got, "memory", "-n", strconv.Itoa(waiting), "-batch", strconv.Itoa(bulkBatch), "-dir", dir); err != nil {
			return 0, err
		}
		all = append(all, got.Resident)
	}
	slices.Sort(all)
	return all[1], nil
}
