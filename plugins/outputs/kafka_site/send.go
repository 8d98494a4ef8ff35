package kafka_site

import (
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/IBM/sarama"

	"github.com/telegraf-station/telegraf-station/internal/kafka"
	"github.com/telegraf-station/telegraf-station/internal/outbox"
)

// maxRequestBytes bounds a request that holds the batches of many topics.
const maxRequestBytes = 1 << 20

// send begins a request to a broker with what is ready for it, unless one is under way.
func (s *sender) send(broker *sarama.Broker) {
	if s.busy[broker] {
		return
	}
	parts := s.load(broker)
	if len(parts) == 0 {
		return
	}
	s.busy[broker] = true
	now := s.now()
	if !plausible(now) {
		s.counters.untimed.Incr(records(parts))
	}
	for _, p := range parts {
		s.agent.tell(p, now)
	}
	request := newRequest(s.config, parts, now)
	s.spawn(func() func() {
		response, err := produce(broker, request)
		return func() {
			delete(s.busy, broker)
			s.answered(parts, response, err)
		}
	})
}

// load takes parts that are ready for a broker and numbers them.
func (s *sender) load(broker *sarama.Broker) (parts []*part) {
	waiting := s.ready[broker]
	size := 0
	for len(waiting) > 0 && size < maxRequestBytes {
		p := waiting[0]
		waiting = waiting[1:]
		if !p.queue.number(p) {
			p.sent = false
			s.renew(p.queue)
			continue
		}
		for _, r := range p.records {
			size += len(r.Value) + len(r.Device)
		}
		parts = append(parts, p)
	}
	if s.ready[broker] = waiting; len(waiting) == 0 {
		delete(s.ready, broker)
	}
	return parts
}

// renew has a topic get a new identity before it goes on.
func (s *sender) renew(q *topicQueue) {
	q.identity, q.renew = identity{}, true
	s.wait(q, longestPause)
	q.retryAt = s.now()
}

func records(parts []*part) (n int64) {
	for _, p := range parts {
		n += int64(len(p.records))
	}
	return n
}

// produce sends a request and waits for its answer. It must not use the library's Produce: that keeps the connection locked until the
// answer is there, and whoever asks for metadata waits with it.
func produce(broker *sarama.Broker, request *sarama.ProduceRequest) (*sarama.ProduceResponse, error) {
	type answer struct {
		response *sarama.ProduceResponse
		err      error
	}
	answers := make(chan answer, 1)
	err := broker.AsyncProduce(request, func(response *sarama.ProduceResponse, err error) { answers <- answer{response, err} })
	if err != nil {
		_ = broker.Close() // it is opened again when it is next the leader
		return nil, err
	}
	got := <-answers
	if got.err != nil {
		_ = broker.Close()
	}
	return got.response, got.err
}

// answered looks at what became of each part.
func (s *sender) answered(parts []*part, response *sarama.ProduceResponse, err error) {
	for _, p := range parts {
		p.sent = false
		if err != nil {
			s.unanswered(p, err)
			continue
		}
		block := response.GetBlock(p.queue.name, p.partition)
		if block == nil {
			s.unanswered(p, sarama.ErrIncompleteResponse)
			continue
		}
		s.judge(p, block.Err)
	}
}

// unanswered is a part of which nobody knows whether it was appended. Sent again as it is, the broker knows it again.
func (s *sender) unanswered(p *part, err error) {
	q := p.queue
	p.doubt = true
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		q.limit = max(1, len(p.records)/2)
		if p.timeouts++; p.timeouts > 1 && len(p.records) > 1 { // the link may be too slow for so many
			q.halve(p)
		}
	}
	s.blame(q.name, fmt.Errorf("topic %q: %w%s", q.name, err, kafka.Advice(err)))
	if !q.waiting {
		s.lost(fmt.Errorf("topic %q: %w", q.name, err), q.failures > 0)
		s.wait(q, longestPause)
	}
}

// judge does what the broker's answer for a part asks for.
func (s *sender) judge(p *part, answer sarama.KError) {
	q := p.queue
	switch answer {
	case sarama.ErrNoError, sarama.ErrDuplicateSequenceNumber:
		s.written(p)
	case sarama.ErrMessageSizeTooLarge, sarama.ErrMessageSetSizeTooLarge, sarama.ErrInvalidRecord:
		s.refused(p, answer)
	case sarama.ErrInvalidTimestamp:
		s.untime(p)
	case sarama.ErrOutOfOrderSequenceNumber, sarama.ErrUnknownProducerID, sarama.ErrInvalidProducerEpoch, sarama.ErrInvalidProducerIDMapping:
		s.again(p)
	case sarama.ErrTopicAuthorizationFailed, sarama.ErrClusterAuthorizationFailed, sarama.ErrUnknownTopicOrPartition:
		s.postpone(q, wrapTopic(q.name, answer))
	default:
		if s.othersFlow(q) {
			s.stall(q, wrapTopic(q.name, answer))
			return
		}
		s.postpone(q, wrapTopic(q.name, answer))
	}
}

// othersFlow tells whether a topic has failed for long while others were written: then it has a trouble of its own.
func (s *sender) othersFlow(q *topicQueue) bool {
	return q.failures >= 5 && s.delivered.After(q.since)
}

func (s *sender) written(p *part) {
	q := p.queue
	q.advance(p)
	q.replace(p)
	q.failures, s.delivered = 0, s.now()
	q.reports.written(p, s.delivered)
	q.limit = min(maxBatch, max(q.limit, len(p.records)*2))
	s.counters.written.Incr(int64(len(p.records)))
	s.outbox.Acknowledge(p.records)
	q.trouble.end(s.log, fmt.Sprintf("Topic %q is written again", q.name))
	s.connection.end(s.log, "Kafka answers again")
	s.excuse(q.name)
	s.excuse("")
	s.goOn(q)
}

// goOn proceeds with a topic, unless it is looked up or waits.
func (s *sender) goOn(q *topicQueue) {
	if !q.waiting && !q.busy {
		s.proceed(q)
	}
}

// refused finds the record for which a broker refuses a batch: it answers for the whole of it. The health that a record carries must not
// be why.
func (s *sender) refused(p *part, answer sarama.KError) {
	q := p.queue
	p.numbered = false
	switch {
	case len(p.records) > 1:
		q.halve(p)
	case len(p.health) > 0:
		p.bare = true
	default:
		q.replace(p)
		s.park(p.records[0], wrapTopic(q.name, answer))
	}
	s.goOn(q)
}

func (s *sender) park(r *outbox.Record, err error) {
	s.counters.rejected.Incr(1)
	s.outbox.Park(r, err.Error(), func(parkErr error) { // called by a goroutine of the outbox
		s.log.Error(describe(r.Device, time.Unix(0, r.Time), fateOf(parkErr), err, string(r.Value)))
	})
}

// untime sends a topic's records without a time of their own from now on: the broker refuses what is more than an hour ahead of its clock.
func (s *sender) untime(p *part) {
	q := p.queue
	if q.untimed {
		s.postpone(q, wrapTopic(q.name, sarama.ErrInvalidTimestamp))
		return
	}
	q.untimed = true
	s.log.Warnf("Topic %q: the broker refuses the time %s: this machine's clock or the broker's is wrong. The records are sent without a Kafka timestamp; "+
		"the time of the readings is the clock's", q.name, s.now().UTC().Format(time.RFC3339))
	s.counters.untimed.Incr(int64(len(p.records)))
	s.goOn(q)
}

// again sends a part under a new identity: the broker has forgotten the old one, as after the topic's retention.
// If it was in doubt it may arrive a second time.
func (s *sender) again(p *part) {
	if p.doubt {
		s.counters.repeated.Incr(int64(len(p.records)))
	}
	if !p.queue.waiting {
		s.renew(p.queue)
	}
}
