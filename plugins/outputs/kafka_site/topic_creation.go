package kafka_site

import (
	"errors"
	"fmt"
	"time"

	"github.com/IBM/sarama"
	"github.com/influxdata/telegraf"
)

// topicCreator ensures that a topic exists before a record is sent to it. The auto-creation of the broker, with its own number of partitions
// and replication factor, is never used.
type topicCreator struct {
	create            bool
	partitions        int32
	replicationFactor int16
	log               telegraf.Logger

	// seen are the topics that existed.
	seen map[string]bool
}

// topicError is a reason that concerns the records of one topic only.
type topicError struct{ error }

func (e topicError) Unwrap() error { return e.error }

func topicErrorf(format string, args ...any) error { return topicError{fmt.Errorf(format, args...)} }

func isTopicError(err error) bool {
	_, ok := errors.AsType[topicError](err)
	return ok
}

// ensure returns nil if the topic exists or was created now. With refresh, it does not rely on cached metadata.
func (t *topicCreator) ensure(client sarama.Client, name string, refresh bool) error {
	var err error
	if refresh {
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

func (t *topicCreator) make(client sarama.Client, name string) error {
	if t.seen[name] { // deleted by an operator: do not re-create it
		return topicErrorf("topic %q was deleted; create it, or restart Telegraf, which creates it", name)
	}
	if !t.create {
		return topicErrorf(`topic %q does not exist; create it, or set create_topics = true`, name)
	}
	if err := t.request(client, name); err != nil {
		return err
	}
	return awaitTopic(client, name)
}

// spreadInterval and spreadAttempts limit how long it can take from the creation of a topic until every broker has its metadata.
const (
	spreadInterval = 50 * time.Millisecond
	spreadAttempts = 20
)

// awaitTopic requests metadata until it has a topic that was just created: the controller answers before it has informed the brokers.
func awaitTopic(client sarama.Client, name string) (err error) {
	for range spreadAttempts {
		err = client.RefreshMetadata(name)
		if !errors.Is(err, sarama.ErrUnknownTopicOrPartition) && !errors.Is(err, sarama.ErrLeaderNotAvailable) {
			return err
		}
		time.Sleep(spreadInterval)
	}
	return err
}

// request has the topic created. It succeeds if the topic was created concurrently.
func (t *topicCreator) request(client sarama.Client, name string) error {
	admin, err := sarama.NewClusterAdminFromClient(client)
	if err != nil {
		return wrapTopic(name, err)
	}
	err = admin.CreateTopic(name, t.detail(), false)
	switch {
	case err == nil:
		t.log.Infof("Created topic %q with %s and replication factor %d", name, plural(int64(t.partitions), "partition"), t.replicationFactor)
		return nil
	case errors.Is(err, sarama.ErrTopicAlreadyExists):
		return nil
	case errors.Is(err, sarama.ErrInvalidReplicationFactor):
		return topicErrorf(`cannot create topic %q with replication_factor = %d: %w; start more brokers, or lower replication_factor`, name, t.replicationFactor, err)
	case errors.Is(err, sarama.ErrTopicAuthorizationFailed), errors.Is(err, sarama.ErrClusterAuthorizationFailed):
		return topicErrorf("not authorized to create topic %q: %w; grant CREATE, or create the topic with \"stationctl site add\"", name, err)
	}
	if _, refused := errors.AsType[*sarama.TopicError](err); refused {
		return topicErrorf("cannot create topic %q: %w", name, err)
	}
	return fmt.Errorf("cannot create topic %q: %w", name, err)
}

// detail returns how topics are created. The clock of the broker sets the Kafka timestamps: the clock of a station can be years behind, so
// that the retention of the topic would delete the records, or ahead, which Kafka 4 rejects.
func (t *topicCreator) detail() *sarama.TopicDetail {
	logAppendTime := "LogAppendTime"
	return &sarama.TopicDetail{
		NumPartitions: t.partitions, ReplicationFactor: t.replicationFactor,
		ConfigEntries: map[string]*string{"message.timestamp.type": &logAppendTime},
	}
}

// wrapTopic adds the name of the topic to an error.
func wrapTopic(name string, err error) error {
	switch {
	case err == nil:
		return nil
	case isTopicError(err):
		return err
	case errors.Is(err, sarama.ErrTopicAuthorizationFailed), errors.Is(err, sarama.ErrClusterAuthorizationFailed):
		return topicErrorf("not authorized to write to topic %q: %w; grant WRITE and DESCRIBE", name, err)
	case errors.Is(err, sarama.ErrInvalidTopic):
		return topicErrorf("topic %q: %w", name, err)
	}
	return fmt.Errorf("topic %q: %w", name, err)
}
