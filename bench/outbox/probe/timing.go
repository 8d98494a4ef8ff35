package probe

import (
	"errors"
	"os"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/telegraf-station/telegraf-station/bench/outbox/queue"
)

// Timed are the medians that the task "time" prints.
type Timed struct{ Queue, Bare time.Duration }

// time appends and acknowledges single records, and in turn writes bare ones: pwrite and fdatasync to a file that has the room.
func (o *options) time() error {
	q, err := o.open(o.dir)
	if err != nil {
		return err
	}
	bare, err := newBare(o.beside, int64(o.n)*queue.RecordSize)
	if err != nil {
		return err
	}
	const turn = 50
	var queueTimes, bareTimes []time.Duration
	for i := range o.n {
		if i/turn%2 == 0 {
			bareTimes, err = timed(bareTimes, func() error { return bare.append(queue.Record(uint64(i) + 1)) }) //nolint:gosec // an index
		} else {
			queueTimes, err = timed(queueTimes, func() error { return appendAndAck(q, uint64(i)+1) }) //nolint:gosec // an index
		}
		if err != nil {
			return err
		}
	}
	return errors.Join(printJSON(Timed{median(queueTimes), median(bareTimes)}), q.Close(), bare.file.Close())
}

func timed(before []time.Duration, do func() error) ([]time.Duration, error) {
	begin := time.Now()
	err := do()
	return append(before, time.Since(begin)), err
}

func appendAndAck(q queue.Queue, n uint64) error {
	if err := q.Append([][]byte{queue.Record(n)}); err != nil {
		return err
	}
	return q.Ack(1)
}

func median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}

type bare struct {
	file *os.File
	at   int64
}

func newBare(path string, size int64) (*bare, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600) //nolint:gosec // the harness names it
	if err != nil {
		return nil, err
	}
	if _, err := file.WriteAt(make([]byte, size), 0); err != nil {
		return nil, err
	}
	return &bare{file: file}, file.Sync()
}

func (b *bare) append(record []byte) error {
	if _, err := b.file.WriteAt(record, b.at); err != nil {
		return err
	}
	b.at += int64(len(record))
	return unix.Fdatasync(int(b.file.Fd()))
}
