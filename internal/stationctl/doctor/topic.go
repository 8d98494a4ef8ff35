package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/IBM/sarama"

	"github.com/telegraf-station/telegraf-station/internal/record"
	"github.com/telegraf-station/telegraf-station/internal/schema"
	"github.com/telegraf-station/telegraf-station/plugins/inputs/arduino_serial"
	"github.com/telegraf-station/telegraf-station/plugins/outputs/kafka_site"
)

// siteTopic is a topic to which the station writes.
type siteTopic struct {
	*connection
	output *kafka_site.KafkaSite
	board  arduino_serial.Options
	name   string
	prefix string // of the names of its checks
}

// topics returns the topics of all boards.
func (d *doctor) topics(k *connection, output *kafka_site.KafkaSite) (all []*siteTopic) {
	template, err := record.NewTopicTemplate(output.Topic)
	if err != nil {
		return nil // reported by the check of the configuration
	}
	for _, b := range d.parts.boards {
		name := template.Fill(map[string]string{"site": b.Site, "index": b.Index, "type": b.Type, schema.DeviceID: b.DeviceID})
		if !slices.ContainsFunc(all, func(t *siteTopic) bool { return t.name == name }) {
			all = append(all, &siteTopic{connection: k, output: output, board: b, name: name})
		}
	}
	for _, t := range all {
		t.prefix = k.label + labelOf("topic", t.name, len(all) > 1)
	}
	return all
}

// checks returns the checks of the topic; that of the delivery comes last in the report.
func (t *siteTopic) checks(reached *[]string) (checks []check, delivery check) {
	topic := t.prefix + "topic"
	var metadata *sarama.TopicMetadata // found by the check of the topic
	checks = []check{
		{name: topic, needs: []string{t.label + saslCheck}, run: storing(&metadata, func(context.Context) (*sarama.TopicMetadata, result) { return t.topic(*reached) })},
		{name: t.prefix + "ACL", needs: []string{topic}, run: func(context.Context) result { return t.acl(metadata) }},
	}
	return checks, check{
		name: t.prefix + "delivery", needs: []string{topic, t.label + serviceCheck}, limit: deliveryLimit,
		run: func(context.Context) result { return t.delivery(*reached, metadata) },
	}
}

func (t *siteTopic) topic(reached []string) (*sarama.TopicMetadata, result) {
	response, err := t.metadata(reached, &sarama.MetadataRequest{Version: permissionsVersion, Topics: []string{t.name}, IncludeTopicAuthorizedOperations: true})
	switch {
	case err != nil:
		return nil, failed("", "%v", err)
	case len(response.Topics) != 1:
		return nil, failed("", "Kafka returned no metadata for topic %q", t.name)
	}
	metadata := response.Topics[0]
	switch metadata.Err { //nolint:exhaustive // the rest is reported as it is
	case sarama.ErrNoError:
		return metadata, ok("%s exists (%s)", t.name, countOf(len(metadata.Partitions), "partition"))
	case sarama.ErrTopicAuthorizationFailed:
		return metadata, unchecked("user %q lacks DESCRIBE on %s", t.user(), t.name)
	case sarama.ErrUnknownTopicOrPartition:
		return metadata, t.missingTopic(reached, metadata)
	}
	return metadata, failed("", "%s: %v", t.name, metadata.Err)
}

// countOf formats a number and a noun.
func countOf(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// missingTopic has Kafka validate the request of the output, which creates nothing.
func (t *siteTopic) missingTopic(reached []string, metadata *sarama.TopicMetadata) result {
	if !t.output.CreateTopics {
		return failed(t.fixTopic(metadata), "%s does not exist, and create_topics is false", t.name)
	}
	client, err := t.client(reached, t.name)
	if err != nil {
		return failed("", "%v", err)
	}
	defer client.Close() //nolint:errcheck // it was only queried
	admin, err := sarama.NewClusterAdminFromClient(client)
	if err != nil {
		return failed("", "%v", err)
	}
	err = admin.CreateTopic(t.name, &sarama.TopicDetail{NumPartitions: t.output.Partitions, ReplicationFactor: t.output.ReplicationFactor}, true)
	switch {
	case err == nil, errors.Is(err, sarama.ErrTopicAlreadyExists):
		return ok("%s does not exist yet; the first reading creates it", t.name)
	case errors.Is(err, sarama.ErrInvalidReplicationFactor):
		count := strconv.Itoa(t.brokerCount(reached))
		return failed(t.fixOption(fmt.Sprintf("replication_factor = %s", count), "--replication-factor", count),
			"%s does not exist and cannot be created with replication_factor = %d: %v", t.name, t.output.ReplicationFactor, err)
	}
	return failed(t.fixTopic(metadata), "%s does not exist, and this user cannot create it: %v", t.name, err)
}

func (t *siteTopic) brokerCount(reached []string) int {
	response, err := t.metadata(reached, brokersRequest())
	if err != nil {
		return 1
	}
	return max(1, len(response.Brokers))
}

// fixTopic creates the topic and its permissions: an existing topic as it is, a new one as the output would create it.
func (t *siteTopic) fixTopic(metadata *sarama.TopicMetadata) string {
	partitions, replicas := int(t.output.Partitions), int(t.output.ReplicationFactor)
	if existing := metadata.Partitions; len(existing) > 0 {
		partitions, replicas = len(existing), len(existing[0].Replicas)
	}
	command := fmt.Sprintf("%s --replication-factor %d", t.fixCreateSite(strings.Join([]string{t.board.Site, t.board.Index, t.board.Type}, " ")), replicas)
	if partitions != 1 {
		command += fmt.Sprintf(" --partitions %d", partitions)
	}
	return command
}

// acl checks the permissions that Kafka reports for this user. It writes nothing.
func (t *siteTopic) acl(metadata *sarama.TopicMetadata) result {
	switch operations := metadata.TopicAuthorizedOperations; {
	case errors.Is(metadata.Err, sarama.ErrTopicAuthorizationFailed):
		return failed(t.fixTopic(metadata), "user %q has no permissions on %s", t.user(), t.name)
	case !errors.Is(metadata.Err, sarama.ErrNoError):
		return unchecked("the topic does not exist yet")
	case operations == unknownOperations:
		return unchecked("this Kafka does not report permissions (Kafka 2.3 or later does)")
	case !isAuthorized(operations, sarama.AclOperationWrite):
		return failed(t.fixTopic(metadata), "user %q lacks WRITE on %s", t.user(), t.name)
	}
	return ok("this user can write to %s", t.name)
}
