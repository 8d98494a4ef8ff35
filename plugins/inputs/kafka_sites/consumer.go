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
	"github.com/influxdata/telegraf"
)

// consumer is a member of the group, for topics that do not change.
type consumer struct {
	plugin     *KafkaSites
	acc        telegraf.Accumulator
	deliveries *deliveries
	topics     []topic
	client     sarama.Client
	group      sarama.ConsumerGroup

	joined  atomic.Bool // Kafka has given this member its partitions, at least once
	cancel  context.CancelFunc
	running sync.WaitGroup
	done    chan struct{} // closed when it has failed, or was stopped
	err     error         // why; set before done is closed
}

func (k *KafkaSites) startConsumer(acc telegraf.Accumulator, deliveries *deliveries, topics []topic) (*consumer, error) {
	client, err := sarama.NewClient(k.Brokers, k.configFor(len(topics)))
	if err != nil {
		return nil, fmt.Errorf("cannot consume: %w", err)
	}
	group, err := sarama.NewConsumerGroupFromClient(k.ConsumerGroup, client)
	if err != nil {
		_ = client.Close()
		return nil, fmt.Errorf("cannot consume: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	c := &consumer{
		plugin: k, acc: acc, deliveries: deliveries, topics: topics, client: client, group: group, cancel: cancel,
		done: make(chan struct{}),
	}
	k.claims.forget(c.names())
	c.running.Go(c.passErrorsOn)
	c.running.Go(func() { c.run(ctx) })
	return c, nil
}

// passErrorsOn ends when the group is closed. Kafka's clients go on by themselves after these errors.
func (c *consumer) passErrorsOn() {
	for err := range c.group.Errors() {
		c.acc.AddError(err)
	}
}

// run consumes, session after session: one ends when a member joins or leaves, or when the outputs reject a record.
func (c *consumer) run(ctx context.Context) {
	defer close(c.done)
	for ctx.Err() == nil {
		err := c.consumeSession(ctx)
		if err != nil && ctx.Err() == nil {
			c.err = fmt.Errorf("cannot consume: %w", err)
			return
		}
	}
}

// consumeSession begins at the committed offsets. After a rejection it returns when the pause is over.
func (c *consumer) consumeSession(ctx context.Context) error {
	sessionCtx, end := context.WithCancelCause(ctx)
	defer end(nil)
	err := c.group.Consume(sessionCtx, c.names(), &session{consumer: c, end: end})
	var rejection *rejectionError
	if !errors.As(context.Cause(sessionCtx), &rejection) {
		return err
	}
	pause := c.plugin.setbacks.next(time.Now())
	c.plugin.counters.rejected.Incr(1)
	c.plugin.setbacks.report(c.plugin.Log, rejection, pause)
	select {
	case <-ctx.Done():
	case <-time.After(pause):
	}
	return nil
}

func (c *consumer) names() []string {
	names := make([]string, len(c.topics))
	for i, topic := range c.topics {
		names[i] = topic.name
	}
	return names
}

// announce is called at the start of each session.
func (c *consumer) announce() {
	if c.joined.Swap(true) {
		return
	}
	c.plugin.counters.starts.Incr(1)
	c.plugin.counters.topics.Set(int64(len(c.topics)))
	c.plugin.Log.Infof("Consuming %d topic(s): %s", len(c.topics), shorten(c.names()))
}

// shorten lists the first topics: a fleet has thousands.
func shorten(topics []string) string {
	const shown = 10
	if len(topics) <= shown {
		return strings.Join(topics, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(topics[:shown], ", "), len(topics)-shown)
}

// stop commits what was delivered and leaves the group.
func (c *consumer) stop() {
	c.cancel()
	<-c.done
	if err := c.group.Close(); err != nil {
		c.plugin.Log.Warnf("Leaving the consumer group: %v", err)
	}
	if err := c.client.Close(); err != nil {
		c.plugin.Log.Warnf("Closing the connections to Kafka: %v", err)
	}
	c.running.Wait()
}
