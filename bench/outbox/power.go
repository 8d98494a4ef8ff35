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

	"github.com/telegraf-station/telegraf-station/test/bed/disk"
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
		s, later, image, err := b.copyWhileRunning(ctx, c, d, after)
		if err != nil {
			return err
		}
		cut, err := disk.Mount(image)
		if err != nil {
			return err
		}
		found, verifyErr := b.verify(ctx, c, filepath.Join(cut.Dir, "queue"))
		// An acknowledgement may be there before it was told of, or be lost if no append came behind it: one record more or less.
		o = judge(found, verifyErr, later.acked+2, s.promised, later.promised+1)
		if o.repeated <= int(later.acked-s.acked)+2 { //nolint:gosec // a count
			o.repeated = 0
		}
		return cut.Remove()
	})
	return o, err
}

// copyWhileRunning returns what was told before the copy began, and what until it was made. Only the first must be in the copy: on
// a busy machine SIGSTOP takes its time, and the probe promises another record meanwhile (seen).
func (b *bench) copyWhileRunning(ctx context.Context, c candidate, d *disk.Disk, after time.Duration) (s, later story, image string, err error) {
	program, err := b.probe(ctx, c, "")
	if err != nil {
		return s, later, "", err
	}
	told, err := os.Create(filepath.Join(b.folder, "told"))
	if err != nil {
		return s, later, "", err
	}
	defer told.Close() //nolint:errcheck // the probe wrote it
	var complaint bytes.Buffer
	running := exec.CommandContext(ctx, program, "power", "-dir", filepath.Join(d.Dir, "queue")) //nolint:gosec // what b built
	running.Stdout, running.Stderr = told, &complaint
	if err := running.Start(); err != nil {
		return s, later, "", err
	}
	time.Sleep(after)
	stopErr := running.Process.Signal(syscall.SIGSTOP)
	before, readErr := os.ReadFile(told.Name())
	image, copyErr := d.Copy("cut")
	killErr := running.Process.Kill()
	_ = running.Wait() // it was killed
	if err := errors.Join(stopErr, readErr, copyErr, killErr); err != nil {
		return s, later, "", err
	}
	out, err := os.ReadFile(told.Name())
	if err != nil {
		return s, later, "", err
	}
	if s, err = listen(wholeLines(before)); err != nil {
		return s, later, "", err
	}
	later, err = listen(wholeLines(out))
	return s, later, image, err
}

func wholeLines(out []byte) []byte { return out[:bytes.LastIndexByte(out, '\n')+1] }
