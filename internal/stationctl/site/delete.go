package site

import (
	"context"
	"errors"
	"fmt"

	"github.com/IBM/sarama"
)

// DeleteTopics removes the topics of many sites with all their records, in few requests, and returns how many there were.
func (c *Cluster) DeleteTopics(ctx context.Context, names []Name) (deleted int, err error) {
	topics := make([]string, len(names))
	for i, name := range names {
		topics[i] = name.Topic()
	}
	for len(topics) > 0 {
		if err := ctx.Err(); err != nil {
			return deleted, err
		}
		some := topics[:min(len(topics), changesAtOnce)]
		topics = topics[len(some):]
		count, err := c.deleteSome(some)
		if deleted += count; err != nil {
			return deleted, err
		}
	}
	return deleted, nil
}

func (c *Cluster) deleteSome(topics []string) (deleted int, err error) {
	broker, err := c.admin.Controller()
	if err != nil {
		return 0, err
	}
	answer, err := broker.DeleteTopics(&sarama.DeleteTopicsRequest{Version: 1, Topics: topics, Timeout: adminTimeout})
	if err != nil {
		return 0, explain(err)
	}
	var errs []error
	for _, topic := range topics {
		switch code, answered := answer.TopicErrorCodes[topic]; {
		case !answered:
			errs = append(errs, fmt.Errorf("topic %q: %w", topic, sarama.ErrIncompleteResponse))
		case errors.Is(code, sarama.ErrNoError):
			deleted++
		case !errors.Is(code, sarama.ErrUnknownTopicOrPartition):
			errs = append(errs, fmt.Errorf("topic %q: %w", topic, explain(code)))
		}
	}
	return deleted, several(errs, errorsShown)
}
