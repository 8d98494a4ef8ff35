package site

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/IBM/sarama"
)

// The settings of a topic that we look at.
const (
	retention     = "retention.ms"
	maxMessage    = "max.message.bytes"
	timestampType = "message.timestamp.type"
	// ofArrival has the broker's clock give the times that retention goes by: a station's clock may be years behind.
	ofArrival = "LogAppendTime"
)

// Forever is a retention without end.
const Forever time.Duration = -1

// TopicOptions are how a topic is to be.
type TopicOptions struct {
	Partitions  int32
	Replication int16
	// Retention is how long records stay; 0: as long as the brokers' default. MaxMessage is how many bytes a batch of records may
	// have; 0: the brokers' default.
	Retention  time.Duration
	MaxMessage int
}

// settings are the topic's own.
func (o TopicOptions) settings() map[string]string {
	all := map[string]string{timestampType: ofArrival}
	switch {
	case o.Retention == Forever:
		all[retention] = "-1"
	case o.Retention > 0:
		all[retention] = strconv.FormatInt(o.Retention.Milliseconds(), 10)
	}
	if o.MaxMessage > 0 {
		all[maxMessage] = strconv.Itoa(o.MaxMessage)
	}
	return all
}

func (o TopicOptions) detail() *sarama.TopicDetail {
	detail := &sarama.TopicDetail{NumPartitions: o.Partitions, ReplicationFactor: o.Replication, ConfigEntries: make(map[string]*string)}
	for key, value := range o.settings() {
		detail.ConfigEntries[key] = &value
	}
	return detail
}

func (o TopicOptions) String() string {
	parts := []string{fmt.Sprintf("%d partition(s)", o.Partitions), fmt.Sprintf("replication factor %d", o.Replication)}
	settings := o.settings()
	for _, key := range slices.Sorted(maps.Keys(settings)) {
		parts = append(parts, key+"="+settings[key])
	}
	return strings.Join(parts, ", ")
}

// topicState is how a topic is.
type topicState struct {
	partitions  int
	replication int
	settings    map[string]string
}

// topic is nil if there is none.
func (c *Cluster) topic(name string) (*topicState, error) {
	described, err := c.admin.DescribeTopics([]string{name})
	if err == nil && len(described) != 1 {
		err = fmt.Errorf("%d answers to one question", len(described))
	}
	if err != nil {
		return nil, fmt.Errorf("topic %q: %w", name, explain(err))
	}
	switch err := described[0].Err; {
	case errors.Is(err, sarama.ErrUnknownTopicOrPartition):
		return nil, nil //nolint:nilnil // as documented
	case !errors.Is(err, sarama.ErrNoError):
		return nil, fmt.Errorf("topic %q: %w", name, explain(err))
	}
	state := &topicState{partitions: len(described[0].Partitions), settings: make(map[string]string)}
	for _, partition := range described[0].Partitions {
		state.replication = max(state.replication, len(partition.Replicas))
	}
	return state, c.readSettings(name, state.settings)
}

func (c *Cluster) readSettings(name string, settings map[string]string) error {
	results, err := c.admin.DescribeConfigs([]*sarama.ConfigResource{{
		Type: sarama.TopicResource, Name: name, ConfigNames: []string{retention, maxMessage, timestampType},
	}}, sarama.DescribeConfigsOptions{})
	if err == nil && len(results) == 1 && !errors.Is(results[0].ErrorCode, sarama.ErrNoError) {
		err = results[0].ErrorCode
	}
	if err != nil {
		return fmt.Errorf("settings of topic %q: %w", name, explain(err))
	}
	for _, result := range results {
		for _, entry := range result.Configs {
			settings[entry.Name] = entry.Value
		}
	}
	return nil
}

// planTopic makes the topic, or brings it to the options where that loses nothing.
func (c *Cluster) planTopic(p *Plan, options TopicOptions) error {
	for begin := time.Now(); ; time.Sleep(spreadPause) {
		state, err := c.topic(p.Topic)
		if err != nil {
			return err
		}
		if state != nil {
			c.compareTopic(p, state, options)
			return nil
		}
		err = c.planNewTopic(p, options)
		if !errors.Is(err, sarama.ErrTopicAlreadyExists) || time.Since(begin) > spreadTime {
			return err
		}
	}
}

// spreadTime and spreadPause are for a topic that the controller has, and the broker that we asked does not know yet.
const (
	spreadTime  = 10 * time.Second
	spreadPause = 50 * time.Millisecond
)

func (c *Cluster) planNewTopic(p *Plan, options TopicOptions) error {
	if err := c.checkCollision(p.Topic); err != nil {
		return err
	}
	if err := c.admin.CreateTopic(p.Topic, options.detail(), true); err != nil {
		return fmt.Errorf("topic %q with %s: Kafka would not make it: %w", p.Topic, options, explain(err))
	}
	p.add(Made, func(context.Context) error { return c.makeTopic(p.Topic, options) }, "topic %q: %s", p.Topic, options)
	return nil
}

// makeTopic takes it for success if another was quicker.
func (c *Cluster) makeTopic(name string, options TopicOptions) error {
	err := c.admin.CreateTopic(name, options.detail(), false)
	if errors.Is(err, sarama.ErrTopicAlreadyExists) {
		return nil
	}
	return explain(err)
}

// deleteTopic takes it for success if another was quicker.
func (c *Cluster) deleteTopic(name string) error {
	err := c.admin.DeleteTopic(name)
	if errors.Is(err, sarama.ErrUnknownTopicOrPartition) {
		return nil
	}
	return explain(err)
}

// checkCollision finds the topic that Kafka would confuse with this one in its metrics: "." and "_" are the same there.
func (c *Cluster) checkCollision(name string) error {
	topics, err := c.client.Topics()
	if err != nil {
		return err
	}
	for _, other := range topics {
		if other != name && strings.ReplaceAll(other, ".", "_") == strings.ReplaceAll(name, ".", "_") {
			return fmt.Errorf(`topic %q: there is a topic %q, and Kafka takes "." and "_" for the same: choose another name`, name, other)
		}
	}
	return nil
}

// compareTopic changes no number of partitions: a device's records would go to another one, and their order would be lost.
func (c *Cluster) compareTopic(p *Plan, state *topicState, options TopicOptions) {
	p.is("topic %q", p.Topic)
	if state.partitions != int(options.Partitions) {
		p.doubt("topic %q has %d partition(s), not %d: it stays so, as records of one device would come out of order", p.Topic, state.partitions, options.Partitions)
	}
	if state.replication != int(options.Replication) {
		p.doubt("topic %q has replication factor %d, not %d: it stays so; kafka-reassign-partitions.sh changes it", p.Topic, state.replication, options.Replication)
	}
	wanted := options.settings()
	for _, key := range slices.Sorted(maps.Keys(wanted)) {
		switch has, want := state.settings[key], wanted[key]; {
		case has == want:
		case losesNothing(key, has, want):
			p.add(Changed, func(context.Context) error { return c.set(p.Topic, key, want) }, "topic %q: %s=%s (was %s)", p.Topic, key, want, has)
		default:
			p.doubt("topic %q has %s=%s, not %s: it stays so, as records would be lost; if you want that: kafka-configs.sh --alter --topic %s --add-config %s=%s",
				p.Topic, key, has, want, p.Topic, key, want)
		}
	}
}

// losesNothing says that no record goes, or is refused, by the change.
func losesNothing(key, has, want string) bool {
	if key == timestampType {
		return true
	}
	before, err := strconv.ParseInt(has, 10, 64)
	if err != nil {
		return false
	}
	after, err := strconv.ParseInt(want, 10, 64)
	if key == retention && after < 0 {
		return err == nil
	}
	return err == nil && after > before && (key != retention || before >= 0)
}

func (c *Cluster) set(topic, key, value string) error {
	return explain(c.admin.IncrementalAlterConfig(sarama.TopicResource, topic, map[string]sarama.IncrementalAlterConfigsEntry{
		key: {Operation: sarama.IncrementalAlterConfigsOperationSet, Value: &value},
	}, false))
}
