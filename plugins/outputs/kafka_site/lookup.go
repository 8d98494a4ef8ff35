package kafka_site

import (
	"errors"
	"fmt"

	"github.com/IBM/sarama"

	"github.com/telegraf-station/telegraf-station/internal/kafka"
)

// found is the result of looking up a topic.
type found struct {
	queue    *topicQueue
	leaders  []*sarama.Broker
	identity identity
	err      error
}

// lookUp begins to look up the topics that are not known.
func (s *sender) lookUp() {
	if s.lookingUp || len(s.unknown) == 0 {
		return
	}
	s.lookingUp = true
	queues := s.unknown
	s.unknown = nil
	client := s.client
	for _, q := range queues {
		if !q.identity.known && !q.renew {
			q.identify(s.identity)
		}
	}
	s.spawn(func() func() {
		results := make([]found, 0, len(queues))
		for _, q := range queues {
			results = append(results, s.find(client, q))
		}
		return func() {
			s.lookingUp = false
			for _, result := range results {
				s.take(result)
			}
		}
	})
}

// find runs beside the sender; of the queue it reads the name, and what nobody changes while it is busy.
func (s *sender) find(client sarama.Client, q *topicQueue) found {
	result := found{queue: q, identity: q.identity}
	if result.err = s.topics.ensure(client, q.name, q.failures > 0); result.err != nil {
		return result
	}
	partitions, err := client.Partitions(q.name)
	if err != nil {
		result.err = wrapTopic(q.name, err)
		return result
	}
	for i := range int32(len(partitions)) { //nolint:gosec // Kafka's own limit
		leader, err := client.Leader(q.name, i)
		if err != nil {
			result.err = fmt.Errorf("topic %q, partition %d: %w", q.name, i, err)
			return result
		}
		result.leaders = append(result.leaders, leader)
	}
	if !q.identity.known {
		result.identity, result.err = newIdentity(client)
	}
	return result
}

func (s *sender) take(result found) {
	q := result.queue
	q.busy = false
	if result.err == nil {
		if q.identity != result.identity {
			q.identify(result.identity)
		}
		q.leaders = result.leaders
		s.proceed(q)
		return
	}
	if parksTopic(result.err) {
		s.stall(q, result.err)
		return
	}
	s.blame(q.name, result.err)
	if answer, ok := errors.AsType[sarama.KError](result.err); !ok || answer == sarama.ErrSASLAuthenticationFailed {
		s.lost(result.err, q.failures > 0)
	} else {
		s.passing(q, result.err)
	}
	s.wait(q, longestPause)
}

// passing is an answer that goes by itself most of the time, such as a change of leader or a topic of which not every broker knows yet,
// and that often comes for many topics at once: it is logged if it lasts.
func (s *sender) passing(q *topicQueue, err error) {
	if parksTopic(err) || q.failures >= 3 {
		q.trouble.begin(s.log, s.now(), err)
	}
}

// lost notes that no broker answers. It is logged from the second time on: brokers hang up on who has been silent for long.
func (s *sender) lost(err error, again bool) {
	if s.stopping() {
		return // it was we who hung up
	}
	err = fmt.Errorf("no broker answers: %w%s", err, kafka.Advice(err))
	s.blame("", err)
	s.outbox.ReportFailure()
	if again {
		s.connection.begin(s.log, s.now(), err)
	}
}

// stall gives a topic's records back: they can't be delivered for a reason of its own, and hold up nobody else.
func (s *sender) stall(q *topicQueue, err error) {
	if q.underWay() {
		s.postpone(q, err)
		return
	}
	q.parts = nil
	s.blame(q.name, err)
	q.trouble.begin(s.log, s.now(), err)
	s.wait(q, stalledPause)
	s.outbox.Stall(q.name)
}

// postpone has a topic tried again later.
func (s *sender) postpone(q *topicQueue, err error) {
	s.blame(q.name, err)
	if !q.waiting {
		s.passing(q, err)
		s.wait(q, longestPause)
	}
}
