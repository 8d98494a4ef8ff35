package site

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/telegraf-station/telegraf-station/internal/stationctl/texttable"
)

// The topic settings that a plan compares.
const (
	retention     = "retention.ms"
	maxMessage    = "max.message.bytes"
	timestampType = "message.timestamp.type"
	// ofArrival makes retention use the clock of the broker: that of a station may be years behind.
	ofArrival = "LogAppendTime"
)

// Forever is an unlimited retention.
const Forever time.Duration = -1

// TopicOptions describe a topic.
type TopicOptions struct {
	Partitions  int32
	Replication int16
	// Retention is how long Kafka keeps records; MaxMessage limits a record batch, in bytes. With 0, the brokers set their default.
	Retention  time.Duration
	MaxMessage int
}

// settings returns the settings that differ from the brokers' defaults.
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

func (o TopicOptions) request(name string) kmsg.CreateTopicsRequestTopic {
	topic := kmsg.NewCreateTopicsRequestTopic()
	topic.Topic, topic.NumPartitions, topic.ReplicationFactor = name, o.Partitions, o.Replication
	for key, value := range o.settings() {
		topic.Configs = append(topic.Configs, kmsg.CreateTopicsRequestTopicConfig{Name: key, Value: &value})
	}
	return topic
}

func (o TopicOptions) String() string {
	parts := []string{texttable.Count(int(o.Partitions), "partition"), fmt.Sprintf("replication factor %d", o.Replication)}
	settings := o.settings()
	for _, key := range slices.Sorted(maps.Keys(settings)) {
		parts = append(parts, key+"="+settings[key])
	}
	return strings.Join(parts, ", ")
}

// topicState is the present state of a topic.
type topicState struct {
	partitions  int
	replication int
	// replicas counts the replicas by broker.
	replicas map[int32]int
	settings map[string]string
}

// topics returns the named topics that exist, or all, without their settings, and the brokers that are up. It reads the metadata itself
// because kadm may return what the client read a moment ago, before a change.
func (c *Cluster) topics(ctx context.Context, names ...string) (map[string]*topicState, []int32, error) {
	request := kmsg.NewPtrMetadataRequest()
	for _, name := range names {
		request.Topics = append(request.Topics, kmsg.MetadataRequestTopic{Topic: &name})
	}
	answer, err := request.RequestWith(ctx, c.client)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot list the topics: %w", explain(err))
	}
	topics, brokers := make(map[string]*topicState, len(answer.Topics)), make([]int32, 0, len(answer.Brokers))
	for _, t := range answer.Topics {
		switch err := kerr.ErrorForCode(t.ErrorCode); {
		case errors.Is(err, kerr.UnknownTopicOrPartition):
		case err != nil && len(names) > 0:
			return nil, nil, fmt.Errorf("topic %q: %w", *t.Topic, explain(err))
		default:
			topics[*t.Topic] = newTopicState(t)
		}
	}
	for _, b := range answer.Brokers {
		brokers = append(brokers, b.NodeID)
	}
	return topics, brokers, nil
}

func newTopicState(t kmsg.MetadataResponseTopic) *topicState {
	state := &topicState{partitions: len(t.Partitions), replicas: make(map[int32]int), settings: make(map[string]string)}
	for _, partition := range t.Partitions {
		state.replication = max(state.replication, len(partition.Replicas))
		for _, broker := range partition.Replicas {
			state.replicas[broker]++
		}
	}
	return state
}

// topic returns nil if the topic does not exist.
func (c *Cluster) topic(ctx context.Context, name string) (*topicState, error) {
	topics, _, err := c.topics(ctx, name)
	if err != nil || topics[name] == nil {
		return nil, err
	}
	return topics[name], c.readSettings(ctx, topics, []string{name})
}

// describeAtOnce is how many topics, or users, one request describes.
const describeAtOnce = 1000

func (c *Cluster) readSettings(ctx context.Context, topics map[string]*topicState, names []string) error {
	for some := range slices.Chunk(names, describeAtOnce) {
		request := kmsg.NewPtrDescribeConfigsRequest()
		for _, name := range some {
			request.Resources = append(request.Resources, kmsg.DescribeConfigsRequestResource{
				ResourceType: kmsg.ConfigResourceTypeTopic, ResourceName: name, ConfigNames: []string{retention, maxMessage, timestampType},
			})
		}
		answer, err := request.RequestWith(ctx, c.client)
		if err != nil {
			return fmt.Errorf("settings of topic %q: %w", some[0], explain(err))
		}
		for _, r := range answer.Resources {
			if err := answerError(r.ErrorCode, r.ErrorMessage); err != nil {
				return fmt.Errorf("settings of topic %q: %w", r.ResourceName, explain(err))
			}
			for _, entry := range r.Configs {
				topics[r.ResourceName].settings[entry.Name] = *cmp.Or(entry.Value, new(string))
			}
		}
	}
	return nil
}

// planTopic creates the topic, or changes its settings where no record is lost by it.
func (c *Cluster) planTopic(p *Plan, v *view, options TopicOptions) error {
	if state := v.topics[p.Topic]; state != nil {
		c.compareTopic(p, state, options)
		return nil
	}
	if other := v.byMetricName[metricName(p.Topic)]; other != "" {
		return fmt.Errorf(`topic %q: topic %q exists, and Kafka metrics do not distinguish "." and "_"; choose another name`, p.Topic, other)
	}
	if err := v.rejected[p.Topic]; err != nil {
		return fmt.Errorf("topic %q with %s: Kafka rejects it: %w", p.Topic, options, explain(err))
	}
	p.add(Created, func(context.Context) error { return c.createTopic(p.Topic, options) }, "topic %q: %s", p.Topic, options)
	return nil
}

// createTopic succeeds if the topic was created concurrently.
func (c *Cluster) createTopic(name string, options TopicOptions) error {
	err := c.toCreate.do(newTopic{name, options})
	if errors.Is(err, kerr.TopicAlreadyExists) {
		return nil
	}
	return explain(err)
}

// deleteTopic succeeds if the topic was deleted concurrently.
func (c *Cluster) deleteTopic(ctx context.Context, name string) error {
	results, err := c.admin.DeleteTopics(ctx, name)
	if err == nil {
		err = results[name].Err
	}
	if errors.Is(err, kerr.UnknownTopicOrPartition) {
		return nil
	}
	return explain(err)
}

// compareTopic never changes the number of partitions: the records of a device would move to another one and lose their order.
func (c *Cluster) compareTopic(p *Plan, state *topicState, options TopicOptions) {
	p.keep("topic %q", p.Topic)
	if state.partitions != int(options.Partitions) {
		p.warn("topic %q has %s, not %d, and is left unchanged, because the records of a device would lose their order", p.Topic, texttable.Count(state.partitions, "partition"), options.Partitions)
	}
	if state.replication != int(options.Replication) {
		p.warn("topic %q has replication factor %d, not %d, and is left unchanged; change it with kafka-reassign-partitions.sh", p.Topic, state.replication, options.Replication)
	}
	wanted := options.settings()
	for _, key := range slices.Sorted(maps.Keys(wanted)) {
		switch has, want := state.settings[key], wanted[key]; {
		case has == want:
		case losesNothing(key, has, want):
			p.add(Changed, func(context.Context) error { return c.set(p.Topic, key, want) }, "topic %q: %s=%s (was %s)", p.Topic, key, want, has)
		default:
			p.warn("topic %q has %s=%s, not %s, and is left unchanged, because records would be lost; to change it anyway: kafka-configs.sh --alter --topic %s --add-config %s=%s",
				p.Topic, key, has, want, p.Topic, key, want)
		}
	}
}

// losesNothing reports whether the change neither deletes nor rejects a record.
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
	return explain(c.toSet.do(setting{topic, key, value}))
}
