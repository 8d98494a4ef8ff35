package outbox

import (
	"slices"
	"time"
)

// runDisk does the disk work that callers who only change memory leave behind.
func (o *Outbox) runDisk(stop <-chan struct{}, stopped chan<- struct{}) {
	defer close(stopped)
	var replays <-chan time.Time
	if o.options.Replay != nil {
		ticker := time.NewTicker(o.options.ReplayInterval)
		defer ticker.Stop()
		replays = ticker.C
	}
	vanished := time.NewTicker(vanishedInterval)
	defer vanished.Stop()
	for {
		select {
		case <-o.work:
			o.catchUp()
		case <-vanished.C:
			o.checkDir()
			o.catchUp() // reads again what could not be read
		case <-replays:
			o.deliverReplays()
		case <-stop:
			return
		}
	}
}

// wakeDisk asks the disk goroutine to catch up.
func (o *Outbox) wakeDisk() { token(o.work) }

// token puts a token into a channel with room for one.
func token(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// catchUp stores what became of records and reads the next ones.
func (o *Outbox) catchUp() {
	o.disk.Lock()
	defer o.unlockDisk()
	if o.main == nil {
		return
	}
	o.parkRequested()
	o.storeAcknowledged()
	o.fill()
}

// storeAcknowledged marks the acknowledged records as done on disk, and ends the logs of topics that have nothing left in them.
func (o *Outbox) storeAcknowledged() {
	o.mu.Lock()
	if len(o.acknowledged) == 0 {
		o.mu.Unlock()
		return
	}
	ids := make(map[*segmentLog][]uint64)
	var topics []*topic
	for _, r := range o.acknowledged {
		if r.log != nil {
			ids[r.log] = append(ids[r.log], r.id)
		}
		if r.origin > 0 { // a crash may have left it in both logs
			ids[o.main] = append(ids[o.main], r.origin)
		}
		if t := o.topic(r.Topic); !slices.Contains(topics, t) {
			topics = append(topics, t)
		}
	}
	o.storing += stored(o.acknowledged)
	o.acknowledged = nil
	o.mu.Unlock()
	for _, log := range o.logs() {
		log.markDone(ids[log])
	}
	for _, t := range topics {
		o.moveToOwnLog(t)
		o.removeEmptyLog(t)
	}
}

// fill reads pending records into memory while there is room.
func (o *Outbox) fill() {
	for {
		for o.main.unread() {
			records, bytes := o.room()
			if records <= 0 || bytes <= 0 {
				break
			}
			next, err := o.main.read(records, bytes)
			o.distribute(next)
			if err != nil {
				o.reportUnreadable(err)
				break
			}
		}
		if !o.main.unread() || !o.moveStalled() {
			break
		}
	}
	for _, t := range o.separate {
		o.fillFromOwnLog(t)
	}
}

// reportUnreadable reports records that cannot be read for now.
func (o *Outbox) reportUnreadable(err error) {
	o.options.Report(Incident{Cause: "unreadable", Err: err, Text: err.Error()})
}

// room returns how many more records and bytes memory has room for.
func (o *Outbox) room() (records, bytes int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.maxBuffered - o.buffered, maxBufferedBytes - o.bufferedBytes
}

// distribute makes records of the main log ready in their topics. The records of a topic with a log of its own move there first.
func (o *Outbox) distribute(records []*Record) {
	var moved []uint64
	var separate []*topic
	o.mu.Lock()
	for _, r := range records {
		t := o.topic(r.Topic)
		switch {
		case t.log == nil:
			o.push(t, r)
		case r.log == o.main && r.id <= t.log.newest: // a crash left it in both logs
			moved = append(moved, r.id)
		default:
			t.unmoved = append(t.unmoved, r)
			o.count(r, 1)
			if !slices.Contains(separate, t) {
				separate = append(separate, t)
			}
		}
	}
	o.mu.Unlock()
	o.main.markDone(moved)
	for _, t := range separate {
		o.moveToOwnLog(t)
	}
}
