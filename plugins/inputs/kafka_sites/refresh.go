package kafka_sites

import (
	"context"
	"slices"
	"strings"
	"time"
)

// refresh keeps a consumer on the topics that exist, until ctx is done.
func (k *KafkaSites) refresh(ctx context.Context, inFlight *inFlight) {
	defer k.stopConsumer()
	for ctx.Err() == nil {
		if k.backoff.expire(time.Now(), k.Log) {
			inFlight.grow()
		}
		err := k.followTopics(ctx, inFlight)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			k.report(err)
		case k.consumer == nil || k.consumer.joined.Load():
			k.failure.Recovered(k.Log, "Connected to Kafka")
		}
		k.wait(ctx)
	}
}

// followTopics lists the topics and restarts the consumer if they have changed; a topic that was re-created has changed. Records that were
// read but not delivered are then read again.
func (k *KafkaSites) followTopics(ctx context.Context, inFlight *inFlight) error {
	topics, err := k.listTopics(ctx)
	if err != nil {
		return err
	}
	if k.consumer != nil && slices.EqualFunc(topics, k.consumer.topics, topic.isSame) {
		return nil
	}
	k.stopConsumer()
	if len(topics) == 0 {
		k.initial = make(map[topicPartition]bool) // what comes now is new
		if !k.noTopic {
			k.Log.Info("No topic matches topic_regexps yet; waiting for the first station")
		}
		k.noTopic = true
		return nil
	}
	k.noTopic = false
	k.consumer, err = k.startConsumer(inFlight, topics)
	return err
}

// listTopics returns when ctx is done even if a broker does not respond, so that Stop does not wait for it.
func (k *KafkaSites) listTopics(ctx context.Context) ([]topic, error) {
	type result struct {
		topics []topic
		err    error
	}
	listed := make(chan result, 1)
	go func() {
		topics, err := k.lister.list()
		listed <- result{topics, err}
	}()
	select {
	case r := <-listed:
		return r.topics, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// wait returns when it is time to list the topics again. If the consumer failed, that is soon: its topic may have been deleted.
func (k *KafkaSites) wait(ctx context.Context) {
	if k.consumer != nil {
		select {
		case <-time.After(time.Duration(k.RefreshInterval)):
			return
		case <-k.consumer.done:
			k.report(k.consumer.err)
			k.stopConsumer()
		case <-ctx.Done():
		}
	}
	sleep(ctx, min(time.Duration(k.RefreshInterval), k.retryInterval))
}

// report does not compare errors, because sarama tries the brokers in another order each time.
func (k *KafkaSites) report(err error) {
	k.failure.Report(k.Log, time.Now(), "", strings.ReplaceAll(err.Error(), "\n", "; ")+"; retrying")
}

func (k *KafkaSites) stopConsumer() {
	if k.consumer != nil {
		k.consumer.stop()
		k.consumer = nil
		k.counters.topics.Set(0)
	}
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
