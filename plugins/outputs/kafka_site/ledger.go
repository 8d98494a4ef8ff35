package kafka_site

import "github.com/telegraf-station/telegraf-station/internal/outbox"

// ledger remembers the entries of a batch that Telegraf will hand over again since it could be neither delivered nor put on disk,
// so that those which arrived are not sent twice and the others keep their number.
type ledger struct {
	entries map[identityOfEntry]*entry
}

// identityOfEntry tells the metric that Telegraf hands over again from another one: by its time and its record.
// Equal ones are numbered by repeat.
type identityOfEntry struct {
	topic, device string
	time          int64
	value         string
	repeat        int
}

// recall puts known entries in the place of equal ones, and returns the records of those known ones that Telegraf no longer has:
// its buffer was full and dropped them.
func (l *ledger) recall(entries []*entry) (gone []*outbox.Record) {
	if len(l.entries) == 0 {
		return nil
	}
	repeats := make(map[identityOfEntry]int, len(entries))
	for i, e := range entries {
		id := e.identify(repeats)
		if known, found := l.entries[id]; found {
			entries[i] = known
			delete(l.entries, id)
		}
	}
	for _, e := range l.entries {
		if e.record != nil {
			gone = append(gone, e.record)
		}
	}
	l.entries = nil
	return gone
}

// keep remembers the entries of a batch that failed.
func (l *ledger) keep(entries []*entry) {
	l.entries = make(map[identityOfEntry]*entry, len(entries))
	repeats := make(map[identityOfEntry]int, len(entries))
	for _, e := range entries {
		l.entries[e.identify(repeats)] = e
	}
}

func (e *entry) identify(repeats map[identityOfEntry]int) identityOfEntry {
	id := identityOfEntry{time: e.metric.Time().UnixNano()}
	if e.record != nil {
		id.topic, id.device, id.value = e.record.Topic, e.record.Device, string(e.record.Value)
	} else {
		id.value = e.unfit.Error()
	}
	repeats[id]++
	id.repeat = repeats[id]
	return id
}

// fit are the records that can be delivered.
func fit(entries []*entry) []*outbox.Record {
	records := make([]*outbox.Record, 0, len(entries))
	for _, e := range entries {
		if e.unfit == nil {
			records = append(records, e.record)
		}
	}
	return records
}
