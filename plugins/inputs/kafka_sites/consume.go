package kafka_sites

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/influxdata/telegraf"
)

// impatience is how often brokers and topics are looked for while there is nothing to consume.
const impatience = 2 * time.Second

// run keeps the consumer on the topics that are there until ctx ends.
func (k *KafkaSites) run(ctx context.Context, acc telegraf.Accumulator) {
	defer k.stopConsumer()
	var trouble trouble
	for ctx.Err() == nil {
		topics, err := k.findUntil(ctx)
		if errors.Is(err, context.Canceled) {
			return // findUntil closes the finder
		}
		if err == nil {
			err = k.follow(acc, topics)
		}
		trouble.report(err, k.Log)
		wait := time.Duration(k.RefreshInterval)
		if !k.consuming {
			wait = min(wait, impatience)
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
	if err := k.finder.close(); err != nil {
		k.Log.Warnf("Closing the connection to Kafka: %v", err)
	}
}

// findUntil lists the topics unless ctx ends first; a broker that does not answer must not hold up Stop.
// What is under way then closes its connection when it returns.
func (k *KafkaSites) findUntil(ctx context.Context) ([]string, error) {
	type answer struct {
		topics []string
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

// follow begins anew with the topics of the moment if they are others than before.
// What was consumed but not delivered meanwhile is consumed again: nothing is lost.
func (k *KafkaSites) follow(acc telegraf.Accumulator, topics []string) error {
	if len(topics) == 0 {
		k.stopConsumer()
		return errNoTopic
	}
	if k.consuming && slices.Equal(topics, k.Topics) {
		return nil
	}
	k.stopConsumer()
	return k.startConsumer(acc, topics)
}

func (k *KafkaSites) startConsumer(acc telegraf.Accumulator, topics []string) error {
	k.Topics = topics
	if err := k.KafkaConsumer.Init(); err != nil {
		return fmt.Errorf("cannot consume: %w", err)
	}
	if err := k.KafkaConsumer.Start(acc); err != nil {
		return fmt.Errorf("cannot consume: %w", err)
	}
	k.consuming = true
	k.restarts.Incr(1)
	k.topics.Set(int64(len(topics)))
	k.Log.Infof("Consuming %d topic(s): %s", len(topics), shorten(topics))
	return nil
}

func (k *KafkaSites) stopConsumer() {
	if k.consuming {
		k.KafkaConsumer.Stop()
		k.consuming = false
		k.topics.Set(0)
	}
}

// shorten lists the first topics: a fleet has thousands.
func shorten(topics []string) string {
	const shown = 10
	if len(topics) <= shown {
		return strings.Join(topics, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(topics[:shown], ", "), len(topics)-shown)
}
