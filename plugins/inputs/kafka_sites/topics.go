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

// topicFinder lists the topics that match the patterns.
type topicFinder struct {
	brokers  []string
	config   *sarama.Config
	patterns []*regexp.Regexp

	client sarama.Client
}

func (k *KafkaSites) newTopicFinder() (*topicFinder, error) {
	cfg, err := k.newConfig()
	if err != nil {
		return nil, err
	}
	finder := &topicFinder{brokers: k.Brokers, config: cfg}
	for _, text := range k.TopicRegexps {
		pattern, err := regexp.Compile(text)
		if err != nil {
			return nil, fmt.Errorf(`option "topic_regexps": %w (got %q)`, err, text)
		}
		finder.patterns = append(finder.patterns, pattern)
	}
	cfg.Metadata.Retry.Max = 1
	// A broker that accepts and does not answer is given up soon: Stop may have to wait for it.
	cfg.Net.DialTimeout = finderTimeout
	cfg.Net.ReadTimeout = finderTimeout
	cfg.Net.WriteTimeout = finderTimeout
	return finder, nil
}

const finderTimeout = 5 * time.Second

// topic is one of the cluster. A topic that is deleted and made again by the same name has another id, and other records.
type topic struct {
	name string
	id   string // empty with a Kafka older than 2.8
}

// isSame takes a topic without an id for any of its name: while Kafka is upgraded to 2.8, some brokers tell ids and others do not.
func (t topic) isSame(other topic) bool {
	return t.name == other.name && (t.id == other.id || t.id == "" || other.id == "")
}

// find returns the topics that match and can be consumed, sorted by name.
func (f *topicFinder) find() ([]topic, error) {
	if f.client == nil {
		client, err := sarama.NewClient(f.brokers, f.config)
		if err != nil {
			return nil, fmt.Errorf("cannot connect to Kafka at %s: %w%s", strings.Join(f.brokers, ", "), err, kafka.Advice(err))
		}
		f.client = client
	}
	all, err := f.list()
	if err != nil {
		_ = f.close() // the next time begins with the brokers of the option
		return nil, fmt.Errorf("cannot list Kafka's topics: %w", err)
	}
	var topics []topic
	for _, found := range all {
		if f.matches(found.Name) && hasLeaders(found) {
			topics = append(topics, topic{found.Name, idOf(found)})
		}
	}
	slices.SortFunc(topics, func(a, b topic) int { return strings.Compare(a.name, b.name) })
	return topics, nil
}

// list asks the brokers until one answers: sarama's client has no way to a topic's id.
func (f *topicFinder) list() ([]*sarama.TopicMetadata, error) {
	var failures []error
	for _, broker := range f.client.Brokers() {
		response, err := f.ask(broker)
		if err == nil {
			return response.Topics, nil
		}
		failures = append(failures, fmt.Errorf("broker %s: %w", broker.Addr(), err))
	}
	return nil, errors.Join(failures...)
}

func (f *topicFinder) ask(broker *sarama.Broker) (*sarama.MetadataResponse, error) {
	if err := broker.Open(f.config); err != nil && !errors.Is(err, sarama.ErrAlreadyConnected) {
		return nil, err
	}
	response, err := broker.GetMetadata(sarama.NewMetadataRequest(f.config.Version, nil))
	if err != nil {
		_ = broker.Close() // Open would take a broken connection for a good one
	}
	return response, err
}

// hasLeaders leaves out a topic while a partition of it has no leader: the consumer would fail for all topics because of one.
// It comes back with a later refresh, and its records with it.
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

func (f *topicFinder) matches(topic string) bool {
	return slices.ContainsFunc(f.patterns, func(pattern *regexp.Regexp) bool { return pattern.MatchString(topic) })
}

func (f *topicFinder) close() error {
	if f.client == nil {
		return nil
	}
	client := f.client
	f.client = nil
	return client.Close()
}
