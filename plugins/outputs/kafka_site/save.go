package kafka_site

import (
	"errors"
	"fmt"
	"time"

	"github.com/telegraf-station/telegraf-station/internal/outbox"
)

// save returns nil when every metric is safe: on disk and synced, acknowledged by all in-sync replicas, or parked with its reason.
// It takes at most write_timeout plus the time that the disk needs. After an error, the same entries must be saved again.
func (k *KafkaSite) save(entries []*entry) error {
	k.openOutbox()
	if err := k.saveRecords(fitRecords(entries)); err != nil {
		return err
	}
	k.parkUnfit(entries)
	k.counters.show(k.outbox.Stats())
	return nil
}

// fitRecords returns the records that can be delivered.
func fitRecords(entries []*entry) []*outbox.Record {
	records := make([]*outbox.Record, 0, len(entries))
	for _, e := range entries {
		if e.unfit == nil {
			records = append(records, e.record)
		}
	}
	return records
}

// saveRecords appends records to the outbox, or has Kafka acknowledge them.
func (k *KafkaSite) saveRecords(records []*outbox.Record) error {
	if len(records) == 0 {
		return nil
	}
	if k.Durability == "always" && k.outbox.IsOpen() && !k.savedInMemory {
		err := k.outbox.Append(records)
		if err == nil || errors.Is(err, outbox.ErrFull) {
			return k.outboxUsed(err)
		}
		reportFailure(&k.outboxFailure, k.Log, time.Now(), fmt.Errorf("%w%s", err, outboxAdvice(err, k.Outbox))) // does not keep records from Kafka
	}
	return k.sendFromMemory(records)
}

// outboxUsed logs the recovery of the outbox if err is nil, and returns err.
func (k *KafkaSite) outboxUsed(err error) error {
	if err == nil {
		k.outboxFailure.Recovered(k.Log, "Outbox is writable again")
	}
	return err
}

// sendFromMemory sends records without the disk. What is not acknowledged in time is appended to the outbox, if there is one.
func (k *KafkaSite) sendFromMemory(records []*outbox.Record) error {
	delivery := k.outbox.AppendInMemory(records)
	switch {
	case delivery != nil:
	case k.savedInMemory && len(k.outbox.Unsaved(records)) == 0: // the outbox was opened, and has them
		k.savedInMemory = false
		return k.outboxUsed(nil)
	case k.savedInMemory:
		return errors.New("records of an earlier batch are still in memory, and records on disk must be sent before them")
	default: // records on disk must be sent first
		return k.outboxUsed(k.outbox.Append(records))
	}
	k.sender.retryNow()
	if k.awaitDelivery(delivery) {
		k.savedInMemory = false
		return nil
	}
	failed := fmt.Errorf("%d of %s not written yet: %w", len(k.outbox.Unacknowledged(records)), plural(int64(len(records)), "record"), k.deliveryError())
	if !k.outbox.IsOpen() {
		k.savedInMemory = true
		return failed
	}
	if err := k.outbox.Persist(delivery); err != nil {
		k.savedInMemory = true
		return errors.Join(failed, err)
	}
	k.savedInMemory = false
	return k.outboxUsed(nil)
}

// defaultLateAnswer is how long records can wait for Kafka in memory if there is a disk: a crash loses them.
const defaultLateAnswer = time.Second

// awaitDelivery reports whether Kafka acknowledged all records within write_timeout. With an outbox it stops waiting at the first failure, or
// once the answer is late.
func (k *KafkaSite) awaitDelivery(delivery *outbox.Delivery) bool {
	timeout, failed := k.lateAnswer, delivery.Failed()
	if !k.outbox.IsOpen() {
		timeout, failed = time.Duration(k.WriteTimeout), nil
	}
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	select {
	case <-delivery.Done():
		return true
	case <-failed:
	case <-timer.C:
	}
	return false
}

func (k *KafkaSite) deliveryError() error {
	if err := k.sender.lastError(); err != nil {
		return err
	}
	return fmt.Errorf("Kafka did not acknowledge within write_timeout (%s)", time.Duration(k.WriteTimeout)) //nolint:staticcheck // a name
}
