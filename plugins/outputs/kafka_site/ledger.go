package kafka_site

import (
	"fmt"
	"time"
)

// ledger remembers the records of a batch that Telegraf may hand over again,
// so that those which arrived are not sent twice and the others keep their number.
// The durable outbox will take its place.
type ledger struct {
	records map[identity]*record
	// newest holds each device's newest number.
	newest map[device]int64
}

func newLedger() *ledger {
	return &ledger{records: make(map[identity]*record), newest: make(map[device]int64)}
}

// enter numbers the records that are new and returns the others as they are known. Those of an earlier batch that are not in this
// one are forgotten: Telegraf's buffer was full and dropped them.
func (l *ledger) enter(records []*record) []*record {
	former := l.records
	l.records = make(map[identity]*record, len(records))
	for i, entering := range records {
		if known, found := former[entering.identity]; found {
			l.records[entering.identity] = known
			records[i] = known
			continue
		}
		l.records[entering.identity] = entering
		if entering.unfit == nil {
			l.newest[entering.identity.device]++
			entering.seq = l.newest[entering.identity.device]
		}
	}
	return records
}

// clear forgets a batch that is settled.
func (l *ledger) clear() { clear(l.records) }

// newEpoch is another one for each run of the agent, and sorts by time.
func newEpoch(now time.Time) string { return fmt.Sprintf("%016x", now.UnixNano()) }
