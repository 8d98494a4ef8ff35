package kafka_sites

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/influxdata/telegraf"
)

// impatience is how often brokers and topics are looked for while there is nothing to consume.
const impatience = 2 * time.Second

// run keeps a consumer on the topics that are there until ctx ends.
func (k *KafkaSites) run(ctx context.Context, acc telegraf.Accumulator, deliveries *deliveries) {
	defer k.stopConsumer()
	var trouble trouble
	for ctx.Err() == nil {
		if k.setbacks.areOver(time.Now()) {
			deliveries.grow()
		}
		topics, err := k.findUntil(ctx)
		if errors.Is(err, context.Canceled) {
			return // findUntil closes the finder
		}
		if err == nil {
			err = k.follow(acc, deliveries, topics)
		}
		if err != nil || k.consumer.joined.Load() {
			trouble.report(err, k.Log)
		}
		if err := k.wait(ctx); err != nil {
			trouble.report(err, k.Log)
		}
	}
	if err := k.finder.close(); err != nil {
		k.Log.Warnf("Closing the connection to Kafka: %v", err)
	}
}

// findUntil lists the topics unless ctx ends first; a broker that does not answer must not hold up Stop.
// What is under way then closes its connection when it returns.
func (k *KafkaSites) findUntil(ctx context.Context) ([]topic, error) {
	type answer struct {
		topics []topic
		err    error
	}
	found := make(chan answer, 1)
	go func() {
		topics, err := k.finder.find()
		found <- answer{topics, err}
	}()
	select {
	case got := <-found:
		return got.topics, got.err
	case <-ctx.Done():
		go func() {
			<-found
			_ = k.finder.close() // nobody is there any more to be told
		}()
		return nil, ctx.Err()
	}
}

// errNoTopic is no failure: the first station has yet to send.
var errNoTopic = errors.New("no topic matches topic_regexps yet: waiting for the first station")

// follow begins anew with the topics of the moment if they are others than before, one of an old name included.
// What was consumed but not delivered meanwhile is consumed again: nothing is lost.
func (k *KafkaSites) follow(acc telegraf.Accumulator, deliveries *deliveries, topics []topic) error {
	if len(topics) == 0 {
		k.stopConsumer()
		return errNoTopic
	}
	if k.consumer != nil && slices.EqualFunc(topics, k.consumer.topics, topic.isSame) {
		return nil
	}
	k.stopConsumer()
	var err error
	k.consumer, err = k.startConsumer(acc, deliveries, topics)
	return err
}

func (k *KafkaSites) stopConsumer() {
	if k.consumer != nil {
		k.consumer.stop()
		k.consumer = nil
		k.counters.topics.Set(0)
	}
}

// wait returns when it is time to look for topics again: at once, and with the error, if the consumer failed. A topic that was
// deleted may be why.
func (k *KafkaSites) wait(ctx context.Context) error {
	if k.consumer == nil {
		select {
		case <-ctx.Done():
		case <-time.After(min(time.Duration(k.RefreshInterval), impatience)):
		}
		return nil
	}
	select {
	case <-ctx.Done():
		return nil
	case <-time.After(time.Duration(k.RefreshInterval)):
		return nil
	case <-k.consumer.done:
	}
	err := k.consumer.err
	k.stopConsumer()
	select {
	case <-ctx.Done():
	case <-time.After(impatience):
	}
	return err
}
