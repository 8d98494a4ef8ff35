package kafka_sites

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/IBM/sarama"
	"github.com/influxdata/telegraf"
)

// session is the time between two rebalances of the group: sarama's handler of it.
type session struct {
	consumer  *consumer
	end       context.CancelCauseFunc
	rejection sync.Once
}

// Setup is called when Kafka has given this member its partitions.
func (s *session) Setup(group sarama.ConsumerGroupSession) error {
	if err := s.consumer.rewind(group); err != nil {
		return err
	}
	s.consumer.announce()
	return nil
}

// Cleanup has nothing to wait for: what is not delivered yet is not committed, and whoever gets the partition reads it again.
func (*session) Cleanup(sarama.ConsumerGroupSession) error { return nil }

// ConsumeClaim hands on one partition's records until the session ends; there is one call for each partition at a time.
func (s *session) ConsumeClaim(group sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	mark := s.consumer.markOf(claim.Topic())
	ours := newClaim(s.consumer.client, claim, mark, s.consumer.plugin.siteOf(claim.Topic()))
	s.consumer.plugin.claims.add(ours)
	defer s.consumer.plugin.claims.remove(ours)
	progress := &progress{
		commit: func(next int64) {
			group.MarkOffset(claim.Topic(), claim.Partition(), next, mark)
			ours.delivered(next)
		},
		reject: func(offset int64) { s.reject(claim, offset) },
	}
	first := true
	for {
		select {
		case <-group.Context().Done():
			return nil
		case message, ok := <-claim.Messages():
			if ok && first && claim.InitialOffset() < 0 {
				// What was committed, if anything, is not in the topic: sarama would commit nothing below it.
				group.ResetOffset(claim.Topic(), claim.Partition(), message.Offset, mark)
			}
			first = false
			// A slot is taken only now: an idle partition must not hold one.
			if !ok || !s.consumer.deliveries.reserve(group.Context()) {
				return nil
			}
			s.handle(progress, ours, message)
		}
	}
}

// reject ends the session, for the first of its rejections.
func (s *session) reject(claim sarama.ConsumerGroupClaim, offset int64) {
	s.rejection.Do(func() {
		s.end(&rejectionError{claim.Topic(), claim.Partition(), offset, s.consumer.deliveries.shrink()})
	})
}

func (s *session) handle(progress *progress, claim *claim, message *sarama.ConsumerMessage) {
	plugin := s.consumer.plugin
	record := progress.begin(message.Offset)
	claim.read(message, time.Now())
	metrics, err := plugin.metricsOf(message)
	if err != nil {
		plugin.counters.unparsable.Incr(1)
		s.consumer.acc.AddError(fmt.Errorf("record of topic %s, partition %d, offset %d passed over: %w",
			message.Topic, message.Partition, message.Offset, err))
	}
	agent := s.agentOf(metrics, claim, message)
	for _, m := range metrics {
		claim.site.name(m)
	}
	if agent != nil {
		claim.site.tag(agent)
		metrics = append(metrics, agent)
	}
	s.consumer.deliveries.send(metrics, record)
}

// agentOf is what a record tells of the agent beside its reading, which counts whatever else the record says.
func (s *session) agentOf(metrics []telegraf.Metric, claim *claim, message *sarama.ConsumerMessage) telegraf.Metric {
	if len(metrics) == 0 {
		return nil
	}
	agent, err := agentMetric(message, metrics[0])
	if err != nil {
		s.consumer.plugin.counters.garbled.Incr(1)
		if claim.firstGarbled() {
			s.consumer.plugin.Log.Warnf("Record of topic %s, partition %d, offset %d: %v; its reading counts. Further ones are counted only",
				message.Topic, message.Partition, message.Offset, err)
		}
	}
	return agent
}
