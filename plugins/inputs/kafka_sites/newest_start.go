package kafka_sites

import (
	"fmt"

	"github.com/IBM/sarama"
)

// With offset = "newest", a group skips what the topics hold when it starts for the first time. Sites and partitions that come later are read
// from their beginning: nothing of theirs is old.

// findInitial notes the partitions that exist before the group has committed anything.
func (k *KafkaSites) findInitial(client sarama.Client, topics []topic) error {
	if k.initial != nil || !k.startsAtNewest() {
		return nil
	}
	coordinator, err := client.Coordinator(k.ConsumerGroup)
	if err != nil {
		return err
	}
	response, err := coordinator.FetchOffset(sarama.NewOffsetFetchRequest(k.config.Version, k.ConsumerGroup, nil)) // of all topics
	if err != nil {
		return err
	}
	k.initial = make(map[topicPartition]bool)
	for _, partitions := range response.Blocks {
		for _, block := range partitions {
			if block.Offset >= 0 {
				return nil // the group has started before
			}
		}
	}
	for _, t := range topics {
		for number := range t.partitions {
			k.initial[topicPartition{t.name, int32(number)}] = true
		}
	}
	return nil
}

// startAtNewest moves to the end of those partitions, and has the group commit that.
func (c *consumer) startAtNewest(group sarama.ConsumerGroupSession, committed map[topicPartition]int64) error {
	for topic, partitions := range group.Claims() {
		for _, number := range partitions {
			id := topicPartition{topic, number}
			if _, found := committed[id]; found || !c.plugin.initial[id] {
				continue
			}
			end, err := c.client.GetOffset(topic, number, sarama.OffsetNewest)
			if err != nil {
				return fmt.Errorf("cannot find the end of topic %s, partition %d: %w", topic, number, err)
			}
			group.MarkOffset(topic, number, end, c.markOf(topic))
			delete(c.plugin.initial, id)
		}
	}
	return nil
}
