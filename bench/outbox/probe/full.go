package probe

import (
	"fmt"
	"os"
	"time"

	"github.com/telegraf-station/telegraf-station/bench/outbox/queue"
	"github.com/telegraf-station/telegraf-station/test/bed/disk"
)

// The lines of the tasks "full" and "power", each followed by a number or an error.
const (
	Promised  = "promised"
	Acked     = "acked"
	Failed    = "failed"
	AckFailed = "ack failed"
	// Freed says that the disk has room again.
	Freed = "freed"

	// AckedBefore is how many records are acknowledged before the disk is full.
	AckedBefore = 50
)

// talker appends and acknowledges, and says what came of it: the process may be ended at any time.
type talker struct {
	queue.Queue
	next, acked uint64
}

func say(what string, value any) { fmt.Printf("%s %v\n", what, value) }

func (t *talker) append() error {
	if err := t.Append([][]byte{queue.Record(t.next)}); err != nil {
		say(Failed, err)
		return err
	}
	say(Promised, t.next)
	t.next++
	return nil
}

func (t *talker) ack() {
	t.acked++
	if err := t.Ack(1); err != nil {
		say(AckFailed, err)
	}
	say(Acked, t.acked)
}

// full fills the disk while records come, makes room again, and ends as kill -9 does.
func (o *options) full() error {
	q, err := o.open(o.dir)
	if err != nil {
		return err
	}
	t := &talker{Queue: q, next: 1}
	if err := t.begin(); err != nil {
		return err
	}
	if err := disk.Fill(o.filler, o.leave); err != nil {
		return err
	}
	for range 20_000 {
		if t.append() != nil {
			break
		}
	}
	for range 5 {
		_ = t.append()
		t.ack()
	}
	if err := os.Remove(o.filler); err != nil {
		return err
	}
	if err := disk.Sync(o.dir); err != nil { // ext4 gives room back when its journal is written
		return err
	}
	say(Freed, "")
	for range 20 {
		t.ack()
		if t.append() != nil {
			time.Sleep(50 * time.Millisecond)
		}
	}
	return nil
}

// begin has records that wait and records that are done.
func (t *talker) begin() error {
	for range 100 {
		if err := t.append(); err != nil {
			return err
		}
	}
	for range AckedBefore {
		t.ack()
	}
	return nil
}

// power goes on until it is killed.
func (o *options) power() error {
	q, err := o.open(o.dir)
	if err != nil {
		return err
	}
	t := &talker{Queue: q, next: 1}
	for {
		if err := t.append(); err != nil {
			return err
		}
		if t.next > 100 {
			t.ack()
		}
	}
}
