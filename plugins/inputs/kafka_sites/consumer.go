package kafka_sites

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/IBM/sarama"
)

// consumer is a member of the consumer group, for topics that do not change.
type consumer struct {
	plugin   *KafkaSites
	inFlight *inFlight
	topics   []topic // sorted by name
	client   sarama.Client
	group    sarama.ConsumerGroup

	joined  atomic.Bool // true when Kafka has assigned partitions to this member for the first time
	cancel  context.CancelFunc
	running sync.WaitGroup
	done    chan struct{} // closed when the consumer has failed or was stopped
	err     error         // the failure; set before done is closed
}

func (k *KafkaSites) startConsumer(inFlight *inFlight, topics []topic) (*consumer, error) {
	client, err := sarama.NewClient(k.Brokers, k.configFor(len(topics)))
	if err != nil {
		return nil, fmt.Errorf("cannot consume: %w", err)
	}
	if err := k.findInitial(client, topics); err != nil {
		_ = client.Close()
		return nil, fmt.Errorf("cannot read the committed offsets: %w", err)
	}
	group, err := sarama.NewConsumerGroupFromClient(k.ConsumerGroup, client)
	if err != nil {
		_ = client.Close()
		return nil, fmt.Errorf("cannot consume: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	c := &consumer{
		plugin: k, inFlight: inFlight, topics: topics, client: client, group: group, cancel: cancel, done: make(chan struct{}),
	}
	k.assigned.forgetExcept(topicNames(topics))
	c.running.Go(c.logErrors)
	c.running.Go(func() { c.run(ctx) })
	return c, nil
}

// logErrors returns when the group is closed. sarama retries after these errors.
func (c *consumer) logErrors() {
	for err := range c.group.Errors() {
		cause := err
		if failed, ok := errors.AsType[*sarama.ConsumerError](err); ok {
			cause = failed.Err
		}
		c.plugin.once.Errorf("consumer "+cause.Error(), "%v; retrying", err)
	}
}

// run consumes in sessions. A session ends when a member joins or leaves the group, or when an output rejects a record.
func (c *consumer) run(ctx context.Context) {
	defer close(c.done)
	for ctx.Err() == nil {
		if err := c.runSession(ctx); err != nil && ctx.Err() == nil {
			c.err = fmt.Errorf("cannot consume: %w", err)
			return
		}
	}
}

// runSession reads from the committed offsets. After a rejection, it pauses before it returns.
func (c *consumer) runSession(ctx context.Context) error {
	sessionCtx, end := context.WithCancelCause(ctx)
	defer end(nil)
	err := c.group.Consume(sessionCtx, topicNames(c.topics), &session{consumer: c, end: end})
	var rejection *rejectionError
	if !errors.As(context.Cause(sessionCtx), &rejection) {
		return err
	}
	c.plugin.counters.rejected.Incr(1)
	sleep(ctx, c.plugin.backoff.next(time.Now(), c.plugin.Log, rejection))
	return nil
}

// stop commits the offsets of delivered records and leaves the group.
func (c *consumer) stop() {
	c.cancel()
	<-c.done
	if err := c.group.Close(); err != nil {
		c.plugin.Log.Warnf("Cannot leave the consumer group: %v", err)
	}
	if err := c.client.Close(); err != nil {
		c.plugin.Log.Warnf("Cannot close the connections to Kafka: %v", err)
	}
	c.running.Wait()
}

// session is the time between two rebalances of the group. It implements sarama.ConsumerGroupHandler.
type session struct {
	consumer  *consumer
	end       context.CancelCauseFunc
	rejection sync.Once
	committed map[topicPartition]int64 // at the beginning
}

type topicPartition struct {
	topic     string
	partition int32
}

// Setup is called when Kafka has assigned partitions to this member.
func (s *session) Setup(group sarama.ConsumerGroupSession) error {
	c := s.consumer
	var err error
	if s.committed, err = c.rewind(group); err != nil {
		return err
	}
	if err := c.startAtNewest(group, s.committed); err != nil {
		return err
	}
	if !c.joined.Swap(true) {
		c.plugin.counters.starts.Incr(1)
		c.plugin.counters.topics.Set(int64(len(c.topics)))
		c.plugin.Log.Infof("Consuming %s", listed(topicNames(c.topics)))
	}
	return nil
}

// Cleanup does not wait: records in flight are not committed, and the next member of the partition reads them again.
func (*session) Cleanup(sarama.ConsumerGroupSession) error { return nil }

// reject ends the session at its first rejection.
func (s *session) reject(p partitionID, offset int64) {
	s.rejection.Do(func() { s.end(&rejectionError{p, offset, s.consumer.inFlight.shrink()}) })
}

// listed returns the number of topics and the first of them: a fleet has thousands.
func listed(topics []string) string {
	const shown = 10
	count := fmt.Sprintf("%d topics", len(topics))
	if len(topics) == 1 {
		count = "1 topic"
	}
	if more := len(topics) - shown; more > 0 {
		return fmt.Sprintf("%s: %s, and %d more", count, strings.Join(topics[:shown], ", "), more)
	}
	return count + ": " + strings.Join(topics, ", ")
}
