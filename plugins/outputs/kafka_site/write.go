package kafka_site

import (
	"errors"
	"fmt"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/plugins/serializers/influx"

	"github.com/telegraf-station/telegraf-station/internal/outbox"
)

// Write returns nil when every metric is safe: on disk and synced, acknowledged by all in-sync replicas, or parked with its reason.
// It returns within write_timeout and the time that the disk takes. After an error the same metrics are to be handed over again.
// Telegraf itself hands its metrics to Add.
func (k *KafkaSite) Write(metrics []telegraf.Metric) error {
	entries := k.records.entries(metrics)
	k.outbox.Forget(k.ledger.recall(entries))
	err := k.writeEntries(entries)
	if err != nil {
		k.ledger.keep(entries)
	}
	return err
}

// writeEntries does for metrics whose records are made what Write does.
func (k *KafkaSite) writeEntries(entries []*entry) error {
	if k.closed {
		return errors.New("the output is closed")
	}
	k.attach()
	if err := k.save(fit(entries)); err != nil {
		return err
	}
	k.giveUp(entries)
	k.counters.show(k.outbox.Stats())
	return nil
}

// save puts records on disk, or has them acknowledged.
func (k *KafkaSite) save(records []*outbox.Record) error {
	if len(records) == 0 {
		return nil
	}
	if k.durable() && !k.holding {
		err := k.outbox.Append(records)
		if err == nil || errors.Is(err, outbox.ErrFull) {
			return k.told(err)
		}
		k.disk.begin(k.Log, time.Now(), err)
	}
	return k.deliver(records)
}

// durable tells whether each record goes to disk first. A disk that fails is no reason to keep records from a Kafka that is there.
func (k *KafkaSite) durable() bool { return k.Durability == "always" && k.outbox.IsOpen() }

// told logs that the outbox works, or leaves the error to Telegraf.
func (k *KafkaSite) told(err error) error {
	if err == nil {
		k.disk.end(k.Log, "The outbox is written again")
	}
	return err
}

// deliver sends records from memory; what is not acknowledged in time goes to disk if there is one.
func (k *KafkaSite) deliver(records []*outbox.Record) error {
	held := k.outbox.AppendInMemory(records)
	switch {
	case held != nil:
	case k.holding:
		return errors.New("records of an earlier write are still in memory, and others on disk come before them")
	default: // others wait on disk and must come first
		return k.told(k.outbox.Append(records))
	}
	k.sender.hurry()
	if k.acknowledged(held) {
		k.holding = false
		return nil
	}
	failed := fmt.Errorf("%d of %d records are not written yet: %w", len(k.outbox.Unacknowledged(records)), len(records), k.reason())
	if !k.outbox.IsOpen() {
		k.holding = true
		return failed
	}
	if err := k.outbox.Persist(held); err != nil {
		k.holding = true
		return errors.Join(failed, err)
	}
	k.holding = false
	return k.told(nil)
}

// acknowledged waits for the records. With a disk it waits no longer than until something is wrong.
func (k *KafkaSite) acknowledged(held *outbox.Delivery) bool {
	timer := time.NewTimer(time.Duration(k.WriteTimeout))
	defer timer.Stop()
	trouble := held.Failed()
	if !k.outbox.IsOpen() {
		trouble = nil
	}
	select {
	case <-held.Done():
		return true
	case <-trouble:
	case <-timer.C:
	}
	return false
}

func (k *KafkaSite) reason() error {
	if err := k.sender.lastReason(); err != nil {
		return err
	}
	return fmt.Errorf("not acknowledged within write_timeout (%s): no answer from Kafka yet", time.Duration(k.WriteTimeout))
}

// giveUp parks the metrics that no record could be made of, or that are too large, and says why, once for each reason in a batch.
func (k *KafkaSite) giveUp(entries []*entry) {
	counts := make(map[string]int)
	for _, e := range entries {
		if e.unfit == nil {
			continue
		}
		k.counters.rejected.Incr(1)
		fate := k.park(e)
		if counts[e.unfit.Error()]++; counts[e.unfit.Error()] == 1 {
			k.Log.Error(describe(e.device(), e.metric.Time(), fate, e.unfit, e.value()))
		}
	}
	for reason, count := range counts {
		if count > 1 {
			k.Log.Errorf("%d more records are given up for the same reason: %s", count-1, reason)
		}
	}
}

// park puts a metric on disk, and returns what became of it.
func (k *KafkaSite) park(e *entry) string {
	file := &outbox.Parked{Reason: e.unfit.Error(), Device: e.device(), Time: e.metric.Time().UTC()}
	if e.record != nil {
		file.Topic = e.record.Topic
	}
	serializer := influx.Serializer{}
	if err := serializer.Init(); err == nil {
		if line, err := serializer.Serialize(e.metric); err == nil {
			file.Metric = string(line)
		}
	}
	return fateOf(k.outbox.ParkMetric(file))
}

// fateOf says what became of a record that was to be parked; stationctl outbox shows it if there was no error.
func fateOf(err error) string {
	switch {
	case err == nil:
		return "is parked"
	case errors.Is(err, outbox.ErrNoDir):
		return "is given up"
	}
	return fmt.Sprintf("is given up (%v)", err)
}

func (e *entry) device() string {
	device, _ := e.metric.GetTag("device_id")
	return device
}

func (e *entry) value() string {
	if e.record == nil {
		return ""
	}
	return string(e.record.Value)
}

// describe says what became of a record that cannot be written.
func describe(device string, at time.Time, fate string, why error, value string) string {
	if value != "" {
		value = fmt.Sprintf(": %.300q", value)
	}
	return fmt.Sprintf("Record of device %q at %s cannot be written and %s: %v%s", device, at.UTC().Format("2006-01-02T15:04:05.999Z"), fate, why, value)
}
