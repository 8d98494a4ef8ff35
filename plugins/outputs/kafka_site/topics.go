package kafka_site

import (
	"errors"
	"fmt"
	"time"

	"github.com/IBM/sarama"
	"github.com/influxdata/telegraf"
)

// topics sees to it that a topic is there before a record is sent to it; the broker's auto-creation, with its own
// partitions and replication factor, never comes into it.
type topics struct {
	create            bool
	partitions        int32
	replicationFactor int16
	log               telegraf.Logger

	// seen are the topics that were there.
	seen map[string]bool
}

// topicError is a reason that keeps the records of its topic only.
type topicError struct{ error }

func (e topicError) Unwrap() error { return e.error }

func topicErrorf(format string, args ...any) error { return topicError{fmt.Errorf(format, args...)} }

func parksTopic(err error) bool {
	_, ok := errors.AsType[topicError](err)
	return ok
}

// ensure returns nil if the topic exists or was created now. With doubt it is asked for even if it was there before.
func (t *topics) ensure(client sarama.Client, name string, doubt bool) error {
	var err error
	if doubt {
		err = client.RefreshMetadata(name)
	} else {
		_, err = client.Partitions(name)
	}
	if errors.Is(err, sarama.ErrUnknownTopicOrPartition) {
		err = t.make(client, name)
	}
	if err != nil {
		return wrapTopic(name, err)
	}
	if t.seen == nil {
		t.seen = make(map[string]bool)
	}
	t.seen[name] = true
	return nil
}

func (t *topics) make(client sarama.Client, name string) error {
	if t.seen[name] { // never created again behind the back of who deleted it
		return topicErrorf("topic %q was deleted: create it, or restart Telegraf to have that done", name)
	}
	if !t.create {
		return topicErrorf(`topic %q does not exist: create it, or set create_topics = true`, name)
	}
	if err := t.add(client, name); err != nil {
		return err
	}
	return awaitTopic(client, name)
}

// spreadPause and spreadTries bound how long a topic may take from its creation until each broker knows of it.
const (
	spreadPause = 50 * time.Millisecond
	spreadTries = 20
)

// awaitTopic asks until the topic that was just created is known: the controller answers before it has told the brokers.
func awaitTopic(client sarama.Client, name string) (err error) {
	for range spreadTries {
		err = client.RefreshMetadata(name)
		if !errors.Is(err, sarama.ErrUnknownTopicOrPartition) && !errors.Is(err, sarama.ErrLeaderNotAvailable) {
			return err
		}
		time.Sleep(spreadPause)
	}
	return err
}

// add creates the topic; that another station was quicker is success.
func (t *topics) add(client sarama.Client, name string) error {
	admin, err := sarama.NewClusterAdminFromClient(client)
	if err != nil {
		return wrapTopic(name, err)
	}
	err = admin.CreateTopic(name, t.detail(), false)
	switch {
	case err == nil:
		t.log.Infof("Created topic %q with %d partition(s), replication factor %d", name, t.partitions, t.replicationFactor)
		return nil
	case errors.Is(err, sarama.ErrTopicAlreadyExists):
		return nil
	case errors.Is(err, sarama.ErrInvalidReplicationFactor):
		return topicErrorf(`topic %q cannot be created with replication_factor = %d: are so many brokers up? (%w)`, name, t.replicationFactor, err)
	case errors.Is(err, sarama.ErrTopicAuthorizationFailed), errors.Is(err, sarama.ErrClusterAuthorizationFailed):
		return topicErrorf("topic %q cannot be created: this user may not: create it elsewhere, or allow CREATE (%w)", name, err)
	}
	if _, refused := errors.AsType[*sarama.TopicError](err); refused {
		return topicErrorf("topic %q cannot be created: %w", name, err)
	}
	return fmt.Errorf("topic %q cannot be created: %w", name, err)
}

// detail is how topics are created. The broker's clock gives the records their Kafka timestamps: a station's clock may be years
// behind, which the topic's retention would take for old age, or ahead, which Kafka 4 refuses.
func (t *topics) detail() *sarama.TopicDetail {
	ofArrival := "LogAppendTime"
	return &sarama.TopicDetail{
		NumPartitions: t.partitions, ReplicationFactor: t.replicationFactor,
		ConfigEntries: map[string]*string{"message.timestamp.type": &ofArrival},
	}
}

// wrapTopic names the topic.
func wrapTopic(name string, err error) error {
	switch {
	case err == nil:
		return nil
	case parksTopic(err):
		return err
	case errors.Is(err, sarama.ErrTopicAuthorizationFailed), errors.Is(err, sarama.ErrClusterAuthorizationFailed):
		return topicErrorf("topic %q: this user may not write to it: allow WRITE and DESCRIBE (%w)", name, err)
	case errors.Is(err, sarama.ErrInvalidTopic):
		return topicErrorf("topic %q: %w", name, err)
	}
	return fmt.Errorf("topic %q: %w", name, err)
}
