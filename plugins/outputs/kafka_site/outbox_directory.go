package kafka_site

import (
	"errors"
	"fmt"
	"io/fs"
	"os/user"
	"syscall"
	"time"

	"github.com/telegraf-station/telegraf-station/internal/outbox"
)

// openOutbox opens the outbox if one is set and not open, unless memory has records that must not come after those on disk.
func (k *KafkaSite) openOutbox() {
	now := time.Now()
	if k.Outbox == "" || k.outbox.IsOpen() || k.savedInMemory || now.Before(k.openAt) {
		return
	}
	if err := k.outbox.Open(); err != nil {
		k.openAt = now.Add(k.reopenInterval)
		reportFailure(&k.outboxFailure, k.Log, now, fmt.Errorf("%w; readings are in memory only until the outbox can be used%s", err, outboxAdvice(err, k.Outbox)))
		return
	}
	k.outboxFailure.Recovered(k.Log, "Outbox is open")
	if kind := outbox.Volatile(k.Outbox); kind != "" {
		k.Log.Warnf("Outbox %q is on a file system of type %s: a restart or a power cut can delete pending records. "+
			"Set outbox to a directory on a disk, or mount one there", k.Outbox, kind)
	}
	if pending := k.outbox.Stats().Pending; pending > 0 {
		k.Log.Infof("Outbox %q has %d pending records", k.Outbox, pending)
	}
}

// outboxAdvice returns what to do about an outbox that cannot be opened.
func outboxAdvice(err error, dir string) string {
	switch {
	case errors.Is(err, outbox.ErrInUse):
		return "; stop the other Telegraf, or give each its own outbox"
	case errors.Is(err, fs.ErrPermission):
		name := "USER"
		if current, err := user.Current(); err == nil {
			name = current.Username
		}
		return fmt.Sprintf("; run: sudo install -d -o %s -m 0750 %s", name, dir)
	case errors.Is(err, syscall.EROFS):
		return "; remount the file system writable, or set outbox to a directory on another one"
	case errors.Is(err, syscall.ENOSPC):
		return "; free disk space"
	}
	return ""
}

// report logs and counts an incident that the outbox survived.
func (k *KafkaSite) report(incident outbox.Incident) {
	counter, what := k.counters.damaged, "lost"
	if incident.Dropped {
		counter, what = k.counters.dropped, "dropped"
	}
	counter.Incr(int64(incident.Records)) //nolint:gosec // a count of records
	if incident.Records == 0 {
		k.Log.Warnf("Outbox: %s", incident.Text)
		return
	}
	k.Log.Errorf("Outbox: %s %s: %s", what, plural(int64(incident.Records), "record"), incident.Text) //nolint:gosec // a count of records
}

// plural returns a number with its noun.
func plural(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
