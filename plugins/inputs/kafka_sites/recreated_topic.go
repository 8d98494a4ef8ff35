package kafka_sites

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/IBM/sarama"
)

// markPrefix is followed by a topic ID in the metadata that is committed with an offset.
const markPrefix = "topic-id:"

// rewind resets partitions whose committed offset belongs to an earlier topic of the same name, which the topic ID shows. An offset without
// an ID, from another consumer or committed before Kafka 2.8, is used as it is. It returns the committed offsets that are used.
func (c *consumer) rewind(group sarama.ConsumerGroupSession) (map[topicPartition]int64, error) {
	used := make(map[topicPartition]int64)
	if len(group.Claims()) == 0 {
		return used, nil // Kafka would return all topics
	}
	committed, err := c.committed(group.Claims())
	if err != nil {
		return nil, fmt.Errorf("cannot read the committed offsets: %w", err)
	}
	for topic, partitions := range group.Claims() {
		mark := c.markOf(topic)
		for _, partition := range partitions {
			block := committed.GetBlock(topic, partition)
			if mark == "" || block == nil || !strings.HasPrefix(block.Metadata, markPrefix) || block.Metadata == mark {
				if block != nil && block.Offset >= 0 {
					used[topicPartition{topic, partition}] = block.Offset
				}
				continue
			}
			group.ResetOffset(topic, partition, 0, mark)
			c.plugin.Log.Warnf("Topic %s was deleted and re-created; reading partition %d from the beginning", topic, partition)
		}
	}
	return used, nil
}

// committed requests the offsets from the coordinator of the group, to which the client is connected.
func (c *consumer) committed(claims map[string][]int32) (*sarama.OffsetFetchResponse, error) {
	coordinator, err := c.client.Coordinator(c.plugin.ConsumerGroup)
	if err != nil {
		return nil, err
	}
	response, err := coordinator.FetchOffset(sarama.NewOffsetFetchRequest(c.plugin.config.Version, c.plugin.ConsumerGroup, claims))
	if err != nil {
		return nil, err
	}
	if err := response.GroupError(); !errors.Is(err, sarama.ErrNoError) {
		return nil, err
	}
	return response, nil
}

// markOf returns the metadata to commit with the offsets of a topic: empty if Kafka did not return its ID.
func (c *consumer) markOf(name string) string {
	at, found := slices.BinarySearchFunc(c.topics, name, func(t topic, name string) int { return strings.Compare(t.name, name) })
	if !found || c.topics[at].id == "" {
		return ""
	}
	return markPrefix + c.topics[at].id
}
