package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/IBM/sarama"

	"github.com/telegraf-station/telegraf-station/internal/record"
	"github.com/telegraf-station/telegraf-station/internal/schema"
	"github.com/telegraf-station/telegraf-station/plugins/inputs/arduino_serial"
	"github.com/telegraf-station/telegraf-station/plugins/outputs/kafka_site"
)

// siteTopic is where records of the station go.
type siteTopic struct {
	*kafkaEnd
	output *kafka_site.KafkaSite
	board  arduino_serial.Options
	name   string
	// metadata is what Kafka tells of it; nil before the check of the topic.
	metadata *sarama.TopicMetadata
}

func (t *siteTopic) prefix(several bool) string { return t.label + label("topic", t.name, several) }

func (t *siteTopic) checks(several bool) []check {
	exists := t.prefix(several) + topicCheck
	return []check{
		{name: exists, needs: []string{t.label + saslCheck}, run: t.exists},
		{name: t.prefix(several) + "ACL", needs: []string{exists}, run: t.rights},
	}
}

const topicCheck = "topic"

// topics are those of all boards, each once.
func (d *doctor) topics(k *kafkaEnd, output *kafka_site.KafkaSite) (all []*siteTopic) {
	template, err := record.NewTopicTemplate(output.Topic)
	if err != nil {
		return nil // the check of the configuration tells
	}
	for _, b := range d.parts.boards {
		name := template.Fill(map[string]string{"site": b.Site, "index": b.Index, "type": b.Type, schema.DeviceID: b.DeviceID})
		if !slices.ContainsFunc(all, func(t *siteTopic) bool { return t.name == name }) {
			all = append(all, &siteTopic{kafkaEnd: k, output: output, board: b, name: name})
		}
	}
	return all
}

// rightsVersion is that of the request which tells rights, and those on the cluster too.
const rightsVersion = 9

func (t *siteTopic) exists(context.Context) result {
	err := t.ask(func(broker *sarama.Broker) error {
		told, err := broker.GetMetadata(&sarama.MetadataRequest{Version: rightsVersion, Topics: []string{t.name}, IncludeTopicAuthorizedOperations: true})
		if err == nil && len(told.Topics) == 1 {
			t.metadata = told.Topics[0]
		}
		return err
	})
	switch {
	case err != nil:
		return bad("", "%v", err)
	case t.metadata == nil:
		return bad("", "Kafka tells nothing of topic %q", t.name)
	}
	switch t.metadata.Err { //nolint:exhaustive // the others are told as they are
	case sarama.ErrNoError:
		return good("%s is there (%d partition(s))", t.name, len(t.metadata.Partitions))
	case sarama.ErrTopicAuthorizationFailed:
		return unchecked("user %q may not see %s", t.settings.Net.SASL.User, t.name)
	case sarama.ErrUnknownTopicOrPartition:
		return t.creation()
	}
	return bad("", "%s: %v", t.name, t.metadata.Err)
}

// creation has Kafka judge what the output would ask for; nothing is created by that.
func (t *siteTopic) creation() result {
	if !t.output.CreateTopics {
		return bad(t.siteFix(), "%s does not exist, and create_topics is false", t.name)
	}
	client, err := t.client(t.name)
	if err != nil {
		return bad("", "%v", err)
	}
	defer client.Close() //nolint:errcheck // it was only asked
	admin, err := sarama.NewClusterAdminFromClient(client)
	if err != nil {
		return bad("", "%v", err)
	}
	err = admin.CreateTopic(t.name, &sarama.TopicDetail{NumPartitions: t.output.Partitions, ReplicationFactor: t.output.ReplicationFactor}, true)
	switch {
	case err == nil, errors.Is(err, sarama.ErrTopicAlreadyExists):
		return good("%s is not there yet; it is made with the first reading", t.name)
	case errors.Is(err, sarama.ErrInvalidReplicationFactor):
		return bad(t.fix("replication_factor", "--replication-factor", []string{strconv.Itoa(t.size())}),
			"%s does not exist, and cannot be made with replication_factor = %d: %v", t.name, t.output.ReplicationFactor, err)
	}
	return bad(t.siteFix(), "%s does not exist, and this user may not make it: %v", t.name, err)
}

// siteFix makes the topic as it is, or else as the output would.
func (t *siteTopic) siteFix() string {
	partitions, replicas := int(t.output.Partitions), int(t.output.ReplicationFactor)
	if has := t.metadata.Partitions; len(has) > 0 {
		partitions, replicas = len(has), len(has[0].Replicas)
	}
	command := fmt.Sprintf("%s --replication-factor %d", t.siteCommand(strings.Join([]string{t.board.Site, t.board.Index, t.board.Type}, " ")), replicas)
	if partitions != 1 {
		command += fmt.Sprintf(" --partitions %d", partitions)
	}
	return command
}

// size is how many brokers there are.
func (t *siteTopic) size() (count int) {
	_ = t.ask(func(broker *sarama.Broker) error {
		told, err := broker.GetMetadata(&sarama.MetadataRequest{Version: 4, Topics: []string{}})
		if err == nil {
			count = len(told.Brokers)
		}
		return err
	})
	return max(1, count)
}

// rights are those that Kafka says this user has. Nothing is written to try it.
func (t *siteTopic) rights(context.Context) result {
	user := t.settings.Net.SASL.User
	operations := t.metadata.TopicAuthorizedOperations
	switch {
	case errors.Is(t.metadata.Err, sarama.ErrTopicAuthorizationFailed):
		return bad(t.siteFix(), "user %q has no right on %s", user, t.name)
	case !errors.Is(t.metadata.Err, sarama.ErrNoError):
		return unchecked("the topic is not there yet")
	case operations == untold:
		return unchecked("this Kafka does not tell rights (it needs 2.3)")
	case !may(operations, sarama.AclOperationWrite):
		return bad(t.siteFix(), "user %q may not WRITE %s", user, t.name)
	}
	return good("this user may write %s", t.name)
}

// newestTime asks for the record with the highest time, of all partitions: DESCRIBE is enough for that, and a station has no more.
func (t *siteTopic) newestTime() (newest time.Time, err error) {
	client, err := t.client(t.name)
	if err != nil {
		return newest, err
	}
	defer client.Close() //nolint:errcheck // it was only asked
	for _, partition := range t.metadata.Partitions {
		leader, err := client.Leader(t.name, partition.ID)
		if err != nil {
			return newest, err
		}
		at, err := highestTime(leader, t.name, partition.ID)
		if err != nil {
			return newest, err
		}
		if at.After(newest) {
			newest = at
		}
	}
	return newest, nil
}

const (
	// ofHighestTime asks for the record of the highest time (KIP-734, Kafka 3.0).
	ofHighestTime        = -3
	ofHighestTimeVersion = 7
)

func highestTime(leader *sarama.Broker, topic string, partition int32) (time.Time, error) {
	request := &sarama.OffsetRequest{Version: ofHighestTimeVersion}
	request.AddBlock(topic, partition, ofHighestTime, 1)
	answer, err := leader.GetAvailableOffsets(request)
	if err != nil {
		return time.Time{}, err
	}
	block := answer.GetBlock(topic, partition)
	switch {
	case block == nil:
		return time.Time{}, sarama.ErrIncompleteResponse
	case !errors.Is(block.Err, sarama.ErrNoError):
		return time.Time{}, block.Err
	case block.Offset < 0:
		return time.Time{}, nil // there is no record
	}
	return time.UnixMilli(block.Timestamp), nil
}
