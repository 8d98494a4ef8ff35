package kafka_sites

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/IBM/sarama"

	"github.com/telegraf-station/telegraf-station/internal/kafka"
)

// listTimeout limits each step of listing the topics, so that a broker that accepts a connection and does not respond is soon skipped.
const listTimeout = 5 * time.Second

// topicLister lists the topics that match the patterns. It requests them from one broker after another, because the client of sarama
// does not return topic IDs.
type topicLister struct {
	seeds    []string
	brokers  []string // from the last response
	config   *sarama.Config
	patterns []*regexp.Regexp
}

// topic is a topic of the cluster. A topic that was deleted and re-created has the same name, another ID, and other records.
type topic struct {
	name       string
	id         string // empty before Kafka 2.8
	partitions int
}

// isSame treats a topic without an ID as the same: while Kafka is upgraded to 2.8, only some brokers return IDs. A topic with more partitions
// is another one: sarama would learn of them only after ten minutes or more.
func (t topic) isSame(other topic) bool {
	return t.name == other.name && t.partitions == other.partitions && (t.id == other.id || t.id == "" || other.id == "")
}

func (k *KafkaSites) newTopicLister() (*topicLister, error) {
	cfg, err := k.newConfig()
	if err != nil {
		return nil, err
	}
	cfg.Net.DialTimeout, cfg.Net.ReadTimeout, cfg.Net.WriteTimeout = listTimeout, listTimeout, listTimeout
	lister := &topicLister{seeds: k.Brokers, config: cfg}
	for _, text := range k.TopicRegexps {
		pattern, err := regexp.Compile(text)
		if err != nil {
			return nil, fmt.Errorf(`option "topic_regexps": %w (got %q)`, err, text)
		}
		lister.patterns = append(lister.patterns, pattern)
	}
	return lister, nil
}

// list returns the topics that match and can be consumed, sorted by name.
func (l *topicLister) list() ([]topic, error) {
	var failures []error
	for _, address := range append(slices.Clone(l.seeds), l.brokers...) {
		response, err := l.request(address)
		if err != nil {
			failures = append(failures, fmt.Errorf("broker %s: %w", address, err))
			continue
		}
		l.brokers = nil
		for _, broker := range response.Brokers {
			l.brokers = append(l.brokers, broker.Addr())
		}
		return l.matching(response.Topics), nil
	}
	err := errors.Join(failures...)
	advice := kafka.Advice
	if len(l.brokers) > 0 {
		advice = kafka.AdviceAfterDrop
	}
	return nil, fmt.Errorf("cannot list the topics: %w%s", err, advice(err))
}

func (l *topicLister) request(address string) (*sarama.MetadataResponse, error) {
	broker := sarama.NewBroker(address)
	if err := broker.Open(l.config); err != nil {
		return nil, err
	}
	defer func() { _ = broker.Close() }() // fails if the connection did
	return broker.GetMetadata(sarama.NewMetadataRequest(l.config.Version, nil))
}

func (l *topicLister) matching(all []*sarama.TopicMetadata) (topics []topic) {
	for _, t := range all {
		if hasLeaders(t) && slices.ContainsFunc(l.patterns, func(p *regexp.Regexp) bool { return p.MatchString(t.Name) }) {
			topics = append(topics, topic{t.Name, idOf(t), len(t.Partitions)})
		}
	}
	slices.SortFunc(topics, func(a, b topic) int { return strings.Compare(a.name, b.name) })
	return topics
}

// hasLeaders reports whether all partitions of a topic have a leader. Without one, the consumer would fail for all topics. The topic is
// listed again when it has.
func hasLeaders(topic *sarama.TopicMetadata) bool {
	return topic.Err == sarama.ErrNoError && len(topic.Partitions) > 0 &&
		!slices.ContainsFunc(topic.Partitions, func(p *sarama.PartitionMetadata) bool { return p.Leader < 0 })
}

func idOf(topic *sarama.TopicMetadata) string {
	if topic.Uuid == (sarama.Uuid{}) {
		return ""
	}
	return topic.Uuid.String()
}

func topicNames(topics []topic) []string {
	names := make([]string, len(topics))
	for i, topic := range topics {
		names[i] = topic.name
	}
	return names
}
