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
	var known string
	for ctx.Err() == nil {
		trouble := k.follow(acc)
		if text(trouble) != known { // logged once, not each time it is tried again
			known = text(trouble)
			k.report(trouble)
		}
		wait := time.Duration(k.RefreshInterval)
		if !k.consuming {
			wait = min(wait, impatience)
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
	k.stopConsumer()
	if err := k.finder.close(); err != nil {
		k.Log.Warnf("Closing the connection to Kafka: %v", err)
	}
}

// errNoTopic is no failure: the first station has yet to send.
var errNoTopic = errors.New("no topic matches topic_regexps yet: waiting for the first station")

func (k *KafkaSites) report(trouble error) {
	switch {
	case trouble == nil:
	case errors.Is(trouble, errNoTopic):
		k.Log.Info(trouble)
	default:
		k.Log.Errorf("%v; trying again", trouble)
	}
}

// follow begins anew with the topics of the moment if they are others than before.
// What was consumed but not delivered meanwhile is consumed again: nothing is lost.
func (k *KafkaSites) follow(acc telegraf.Accumulator) error {
	topics, err := k.finder.find()
	if err != nil {
		return err
	}
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

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
