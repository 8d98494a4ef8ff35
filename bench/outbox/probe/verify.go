package probe

import (
	"errors"
	"slices"

	"github.com/telegraf-station/telegraf-station/bench/outbox/queue"
)

// Found is what the task "verify" prints: what a queue gives after a restart.
type Found struct {
	// Refused is the error of opening or reading.
	Refused string
	// Numbers are those of the records in the order that they came in; 0 stands for one that is damaged.
	Numbers []uint64
	// Damage is what the queue told of it.
	Damage []string
	// GoesOn says that it took another record, and gave the same ones and that one after another restart.
	GoesOn bool
}

// extra is the number of the record that is appended after the restart.
const extra = 1 << 30

func (o *options) verify() error {
	q, err := o.open(o.dir)
	if err != nil {
		return printJSON(Found{Refused: err.Error()})
	}
	found := read(q)
	if found.Refused == "" {
		found.GoesOn = o.goesOn(q, found.Numbers)
	}
	return printJSON(found)
}

func read(q queue.Queue) Found {
	var found Found
	err := q.Waiting(func(record []byte) error {
		n, sound := queue.Number(record)
		if !sound {
			n = 0
		}
		found.Numbers = append(found.Numbers, n)
		return nil
	})
	if err != nil {
		found.Refused = err.Error()
	}
	if reporter, tells := q.(queue.Reporter); tells {
		found.Damage = reporter.Damage()
	}
	return found
}

func (o *options) goesOn(q queue.Queue, numbers []uint64) bool {
	if errors.Join(q.Append([][]byte{queue.Record(extra)}), q.Close()) != nil {
		return false
	}
	q, err := o.open(o.dir)
	if err != nil {
		return false
	}
	again := read(q)
	return q.Close() == nil && again.Refused == "" && slices.Equal(again.Numbers, append(numbers, extra))
}
