package kafka_site

import (
	"errors"
	"fmt"

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

	known map[string]bool
}

// ensure returns nil if the topic exists or was created now.
func (t *topics) ensure(client sarama.Client, name string) error {
	if t.known[name] {
		return nil
	}
	if err := t.lookUp(client, name); err != nil {
		return err
	}
	if t.known == nil {
		t.known = make(map[string]bool)
	}
	t.known[name] = true
	return nil
}

// doubt has a topic looked up again, since a record could not be written to it.
func (t *topics) doubt(name string) {
	if _, seen := t.known[name]; seen {
		t.known[name] = false
	}
}

func (t *topics) lookUp(client sarama.Client, name string) error {
	_, seen := t.known[name]
	var err error
	if seen {
		err = client.RefreshMetadata(name)
	} else {
		_, err = client.Partitions(name)
	}
	if !errors.Is(err, sarama.ErrUnknownTopicOrPartition) {
		return wrapTopic(name, err)
	}
	if seen { // never created again behind the back of who deleted it
		return fmt.Errorf("topic %q was deleted: create it, or restart Telegraf to have that done", name)
	}
	if !t.create {
		return fmt.Errorf(`topic %q does not exist: create it, or set create_topics = true`, name)
	}
	if err := t.add(client, name); err != nil {
		return err
	}
	return wrapTopic(name, client.RefreshMetadata(name))
}

// add creates the topic; that another station was quicker is success.
func (t *topics) add(client sarama.Client, name string) error {
	admin, err := sarama.NewClusterAdminFromClient(client)
	if err != nil {
		return wrapTopic(name, err)
	}
	err = admin.CreateTopic(name, &sarama.TopicDetail{NumPartitions: t.partitions, ReplicationFactor: t.replicationFactor}, false)
	switch {
	case err == nil:
		t.log.Infof("Created topic %q with %d partition(s), replication factor %d", name, t.partitions, t.replicationFactor)
		return nil
	case errors.Is(err, sarama.ErrTopicAlreadyExists):
		return nil
	case errors.Is(err, sarama.ErrInvalidReplicationFactor):
		return fmt.Errorf(`topic %q cannot be created with replication_factor = %d: are so many brokers up? (%w)`, name, t.replicationFactor, err)
	case errors.Is(err, sarama.ErrTopicAuthorizationFailed), errors.Is(err, sarama.ErrClusterAuthorizationFailed):
		return fmt.Errorf("topic %q cannot be created: this user may not: create it elsewhere, or allow CREATE (%w)", name, err)
	}
	return fmt.Errorf("topic %q cannot be created: %w", name, err)
}

func wrapTopic(name string, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, sarama.ErrTopicAuthorizationFailed) {
		return fmt.Errorf("topic %q: this user may not write to it: allow WRITE and DESCRIBE (%w)", name, err)
	}
	return fmt.Errorf("topic %q: %w", name, err)
}
