package kafka_sites

import (
	"time"

	"github.com/IBM/sarama"
)

// expiryInterval limits the requests for the beginning of a partition: each marker of a transaction leaves a gap, too.
const expiryInterval = time.Second

// checkExpired looks for records before an offset that retention deleted before they were read, and reports them.
func (s *session) checkExpired(p *partition, before int64) {
	now := time.Now()
	from := p.expect(before)
	if from < 0 || from >= before || now.Sub(p.expiryChecked) < expiryInterval {
		return
	}
	p.expiryChecked = now
	oldest, err := p.client.GetOffset(p.topic, p.number, sarama.OffsetOldest)
	count := min(oldest, before) - from
	if err != nil || count <= 0 {
		return
	}
	p.addExpired(count)
	plugin := s.consumer.plugin
	plugin.counters.expired.Incr(count)
	plugin.once.Errorf("expired "+p.topic, "Kafka deleted %d records of %s, offsets %d to %d, before they were read: they are older than the retention of the topic; "+
		"raise retention.ms and retention.bytes, or run the central Telegraf without long pauses", count, p, from, from+count-1)
}

// expect returns the offset that was expected, or -1, and expects the one after a record next.
func (p *partition) expect(record int64) (expected int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	expected = p.expected
	p.expected = max(p.expected, record+1)
	return expected
}

func (p *partition) addExpired(count int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.expired += count
}
