package main

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/telegraf-station/telegraf-station/bench/outbox/disk"
)

const powerTrials = 20

// power copies the disk at any moment while records come: that is what a power cut leaves of it, if the card keeps what it was told
// to flush, and everything else that it got in time.
func power(ctx context.Context, b *bench, c candidate, t *table) error {
	random := rand.New(rand.NewPCG(7, 8)) //nolint:gosec // it only chooses moments
	var outcomes []outcome
	for range powerTrials {
		after := 100*time.Millisecond + time.Duration(random.Int64N(int64(900*time.Millisecond)))
		o, err := b.powerCut(ctx, c, after)
		if err != nil {
			return err
		}
		outcomes = append(outcomes, o)
	}
	t.set("power cut at any moment: has all that was promised, repeats one record at most, and goes on, of 20", c, "%s", summary(outcomes))
	return nil
}

func (b *bench) powerCut(ctx context.Context, c candidate, after time.Duration) (o outcome, err error) {
	err = b.onDisk(c, smallDisk, func(d *disk.Disk) error {
		s, image, err := b.copyWhileRunning(ctx, c, d, after)
		if err != nil {
			return err
		}
		cut, err := disk.Mount(image)
		if err != nil {
			return err
		}
		found, verifyErr := b.verify(ctx, c, filepath.Join(cut.Dir, "queue"))
		// An acknowledgement may be there before it was told of, or be lost if no append came behind it: one record more or less.
		o = judge(found, verifyErr, s.acked+2, s.promised, s.promised+1)
		if o.repeated <= 2 {
			o.repeated = 0
		}
		return cut.Remove()
	})
	return o, err
}

func (b *bench) copyWhileRunning(ctx context.Context, c candidate, d *disk.Disk, after time.Duration) (s story, image string, err error) {
	program, err := b.probe(ctx, c, "")
	if err != nil {
		return s, "", err
	}
	told, err := os.Create(filepath.Join(b.folder, "told"))
	if err != nil {
		return s, "", err
	}
	defer told.Close() //nolint:errcheck // the probe wrote it
	var complaint bytes.Buffer
	running := exec.CommandContext(ctx, program, "power", "-dir", filepath.Join(d.Dir, "queue")) //nolint:gosec // what b built
	running.Stdout, running.Stderr = told, &complaint
	if err := running.Start(); err != nil {
		return s, "", err
	}
	time.Sleep(after)
	stopErr := running.Process.Signal(syscall.SIGSTOP)
	image, copyErr := d.Copy("cut")
	killErr := running.Process.Kill()
	_ = running.Wait() // it was killed
	if err := errors.Join(stopErr, copyErr, killErr); err != nil {
		return s, "", err
	}
	out, err := os.ReadFile(told.Name())
	if err != nil {
		return s, "", err
	}
	s, err = listen(wholeLines(out))
	return s, image, err
}

func wholeLines(out []byte) []byte { return out[:bytes.LastIndexByte(out, '\n')+1] }
