package kafka_sites

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/IBM/sarama"
)

// markPrefix begins what is committed beside an offset; the topic's id follows.
const markPrefix = "topic-id:"

// rewind begins a partition anew whose committed offset is of an earlier topic of the same name. Each offset is committed with the
// topic's id, which tells. One without an id, of another consumer or of a Kafka older than 2.8, is believed.
func (c *consumer) rewind(group sarama.ConsumerGroupSession) error {
	if len(group.Claims()) == 0 {
		return nil // Kafka would list all topics
	}
	committed, err := c.committed(group.Claims())
	if err != nil {
		return fmt.Errorf("cannot read the committed offsets: %w", err)
	}
	for topic, partitions := range group.Claims() {
		mark := c.markOf(topic)
		for _, partition := range partitions {
			block := committed.GetBlock(topic, partition)
			if mark == "" || block == nil || !strings.HasPrefix(block.Metadata, markPrefix) || block.Metadata == mark {
				continue
			}
			group.ResetOffset(topic, partition, 0, mark)
			c.plugin.Log.Warnf("The topic %s was deleted and made again: reading partition %d from its beginning", topic, partition)
		}
	}
	return nil
}

// committed asks the coordinator, which the session has just joined by.
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

// markOf is what is committed with a topic's offsets; empty where Kafka tells no id.
func (c *consumer) markOf(name string) string {
	at, found := slices.BinarySearchFunc(c.topics, name, func(t topic, name string) int { return strings.Compare(t.name, name) })
	if !found || c.topics[at].id == "" {
		return ""
	}
	return markPrefix + c.topics[at].id
}
