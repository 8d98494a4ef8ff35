package kafka_sites

import (
	"sync"
	"time"

	"github.com/IBM/sarama"
)

// claim is a partition that this central Telegraf has, and what it saw of it since Kafka gave it.
type claim struct {
	place
	site   site
	client sarama.Client
	// end is the offset after the newest record.
	end func() int64

	mu sync.Mutex
	// group is the offset up to which the outputs have all records.
	group int64
	// unsure says that group is only the least that it can be: nothing was committed.
	unsure bool
	// next is the offset after the last record that was read.
	next int64
	// known is the newest record whose time is known, and when it came to Kafka; -1 is none.
	known   int64
	at      time.Time
	devices map[string]*device
	// garbled says that a health that makes no sense was logged.
	garbled bool
}

// device is one that has records in a partition.
type device struct {
	numbers
	seen time.Time // by this central Telegraf
}

const (
	// maxDevices and maxKey, bytes of a device's name, bound the memory of a partition; other devices are not counted.
	maxDevices, maxKey = 1000, 256
	// seenFor is how long a station counts after its last record.
	seenFor = 15 * time.Minute
)

func newClaim(client sarama.Client, group sarama.ConsumerGroupClaim, mark string, site site) *claim {
	c := &claim{
		place: place{group.Topic(), mark, group.Partition()}, site: site, client: client, end: group.HighWaterMarkOffset,
		group: group.InitialOffset(), known: -1, devices: make(map[string]*device),
	}
	switch c.group {
	case sarama.OffsetOldest:
		c.group, c.unsure = 0, true
	case sarama.OffsetNewest:
		c.group = c.end()
	}
	return c
}

// goOnFrom takes over what an ended claim saw; Gather may still be looking at that one.
func (c *claim) goOnFrom(before *claim) {
	before.mu.Lock()
	defer before.mu.Unlock()
	c.next, c.devices, before.devices = before.next, before.devices, nil
}

// read notes a record.
func (c *claim) read(message *sarama.ConsumerMessage, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	again := message.Offset < c.next
	c.next = max(c.next, message.Offset+1)
	if c.unsure {
		c.group, c.unsure = message.Offset, false
	}
	c.learn(message.Offset, message.Timestamp, now)
	d := c.device(message.Key)
	if d == nil {
		return
	}
	d.seen = now
	if number, numbered := numberOf(message); numbered && !again {
		d.note(number)
	}
}

// learn notes when a record came to Kafka. It has no time if the station's clock was wrong, in topics that do not take the broker's: then
// it came by now.
func (c *claim) learn(offset int64, at, now time.Time) {
	if offset <= c.known {
		return
	}
	if at.IsZero() {
		at = now
	}
	c.known, c.at = offset, at
}

// learnThatEmpty notes that retention took all records: there is nothing to read.
func (c *claim) learnThatEmpty() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.unsure {
		c.group = c.end()
	}
}

func (c *claim) device(key []byte) *device {
	d := c.devices[string(key)]
	if d == nil && len(c.devices) < maxDevices && len(key) <= maxKey {
		d = &device{}
		c.devices[string(key)] = d
	}
	return d
}

// delivered notes that the outputs have all records before next.
func (c *claim) delivered(next int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.group = next
}

// knowsNewest tells whether the time of the newest record is known, or there is none.
func (c *claim) knowsNewest() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.known >= c.end()-1
}

// firstGarbled tells whether a health makes no sense for the first time.
func (c *claim) firstGarbled() bool {
	first := !c.garbled // one goroutine reads the partition
	c.garbled = true
	return first
}
