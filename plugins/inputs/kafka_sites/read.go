package kafka_sites

import (
	"time"

	"github.com/IBM/sarama"
	"github.com/influxdata/telegraf"
)

// ConsumeClaim reads the records of a partition until the session ends. sarama calls it in a goroutine for each partition.
func (s *session) ConsumeClaim(group sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	p := s.newPartition(group, claim)
	assigned := &s.consumer.plugin.assigned
	assigned.add(p)
	defer assigned.remove(p)
	if claim.InitialOffset() < 0 { // a committed offset is not in the topic
		s.checkExpired(p, p.end())
	}
	first := true
	for {
		select {
		case <-group.Context().Done():
			return nil
		case message, ok := <-claim.Messages():
			if ok && first && claim.InitialOffset() < 0 {
				// The committed offset, if there is one, is not in the topic: sarama would ignore lower offsets.
				group.ResetOffset(p.topic, p.number, message.Offset, p.mark)
			}
			first = false
			// Only now, because an idle partition must not hold a slot.
			if !ok || !s.consumer.inFlight.reserve(group.Context()) {
				return nil
			}
			s.deliver(p, message)
		}
	}
}

// deliver passes the metrics of a record to the outputs.
func (s *session) deliver(p *partition, message *sarama.ConsumerMessage) {
	plugin := s.consumer.plugin
	s.checkExpired(p, message.Offset)
	pending := p.read(message, time.Now())
	metrics, err := plugin.metricsOf(message)
	if err != nil {
		plugin.counters.unparsable.Incr(1)
		plugin.once.Errorf("unparsable "+p.topic, "Record of %s, offset %d skipped: %v", p, message.Offset, err)
	}
	var agent telegraf.Metric
	if len(metrics) > 0 {
		agent = plugin.agentMetricOf(message, metrics[0])
	}
	for _, m := range metrics {
		p.site.apply(m)
	}
	if agent != nil {
		p.site.applyTags(agent)
		metrics = append(metrics, agent)
	}
	s.consumer.inFlight.send(metrics, pending)
}

// agentMetricOf returns nil if the record has no valid station-health header; its reading is valid anyway.
func (k *KafkaSites) agentMetricOf(message *sarama.ConsumerMessage, reading telegraf.Metric) telegraf.Metric {
	agent, err := agentMetric(message, reading)
	if err != nil {
		k.counters.unreadableHealth.Incr(1)
		k.once.Warnf("health "+message.Topic, "Record of topic %s, partition %d, offset %d: %v; its reading is used anyway",
			message.Topic, message.Partition, message.Offset, err)
	}
	return agent
}
