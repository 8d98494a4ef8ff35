package main

import (
	"fmt"

	"github.com/telegraf-station/telegraf-station/bench/outbox/probe"
)

// outcome is what is wrong with a queue after a restart.
type outcome struct {
	// refused says that it cannot be opened or read, if only because the process ended.
	refused bool
	// lost are the promised records that did not come, wrong those with other bytes, repeated those that were acknowledged, and
	// displaced those that came twice or too late.
	lost, wrong, repeated, displaced int
	// said tells whether the queue spoke of damage.
	said, goesOn bool
}

// judge compares what was found with the records that wait: those from first to last. Up to tolerated may be there besides.
func judge(found probe.Found, err error, first, last, tolerated uint64) outcome {
	if err != nil || found.Refused != "" {
		return outcome{refused: true}
	}
	o := outcome{said: len(found.Damage) > 0, goesOn: found.GoesOn}
	seen, newest := map[uint64]bool{}, uint64(0)
	for _, n := range found.Numbers {
		switch {
		case n == 0 || n > tolerated:
			o.wrong++
		case n <= newest:
			o.displaced++
		case n < first:
			o.repeated++
		}
		seen[n] = true
		newest = max(newest, n)
	}
	for n := first; n <= last; n++ {
		if !seen[n] {
			o.lost++
		}
	}
	o.lost = max(0, o.lost-o.wrong) // a record with other bytes came in the place of one
	return o
}

func (o outcome) sound() bool {
	return o == outcome{goesOn: true} || o == outcome{goesOn: true, said: true}
}

// complete says what keeps a queue from having exactly the records from first to last.
func complete(found probe.Found, first, last uint64) error {
	if o := judge(found, nil, first, last, last); !o.sound() || o.said {
		return fmt.Errorf("%+v: %s", o, found.Refused)
	}
	return nil
}
