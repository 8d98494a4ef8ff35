package kafka_site

import (
	"fmt"
	"time"

	"github.com/telegraf-station/telegraf-station/internal/outbox"
)

// openOutbox opens the outbox if one is set and not open. It then also has the records that are in memory.
func (k *KafkaSite) openOutbox() {
	now := time.Now()
	if k.Outbox == "" || k.outbox.IsOpen() || now.Before(k.openAt) {
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
	if k.outbox.IsNew() {
		k.Log.Infof("Outbox %q is new: it has no records of an earlier run", k.Outbox)
	}
	if pending := k.outbox.Stats().Pending; pending > 0 {
		k.Log.Infof("Outbox %q has %d pending records", k.Outbox, pending)
	}
}

// report logs and counts an incident that the outbox survived.
func (k *KafkaSite) report(incident outbox.Incident) {
	counter, what := k.counters.damaged, "lost"
	if incident.Dropped {
		counter, what = k.counters.dropped, "dropped"
	}
	records := int64(incident.Records) //nolint:gosec // a count of records
	counter.Incr(records)
	if records == 0 {
		k.incidents.Warnf(incident.Cause, "Outbox: %s%s", incident.Text, outboxAdvice(incident.Err, k.Outbox))
		return
	}
	k.incidents.Errorf(what+"-"+incident.Cause, "Outbox: %s %s (%d since startup): %s", what, plural(records, "record"), counter.Get(), incident.Text)
}

// plural returns a number with its noun.
func plural(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
