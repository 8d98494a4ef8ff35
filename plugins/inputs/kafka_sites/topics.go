package kafka_sites

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/IBM/sarama"
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

// find returns the names of the topics that match and can be consumed, sorted.
func (f *topicFinder) find() ([]string, error) {
	if f.client == nil {
		client, err := sarama.NewClient(f.brokers, f.config)
		if err != nil {
			return nil, fmt.Errorf("cannot connect to Kafka at %s: %w", strings.Join(f.brokers, ", "), err)
		}
		f.client = client
	}
	if err := f.client.RefreshMetadata(); err != nil && !isOfOneTopic(err) {
		return nil, fmt.Errorf("cannot list Kafka's topics: %w", err)
	}
	topics, err := f.client.Topics()
	if err != nil {
		return nil, fmt.Errorf("cannot list Kafka's topics: %w", err)
	}
	topics = slices.DeleteFunc(topics, func(topic string) bool { return !f.matches(topic) || !f.hasLeaders(topic) })
	slices.Sort(topics)
	return topics, nil
}

// isOfOneTopic tells whether listing succeeded but for some topic, perhaps one that is none of ours.
func isOfOneTopic(err error) bool {
	for _, partial := range []error{
		sarama.ErrLeaderNotAvailable, sarama.ErrReplicaNotAvailable, sarama.ErrTopicAuthorizationFailed, sarama.ErrUnknownTopicOrPartition,
	} {
		if errors.Is(err, partial) {
			return true
		}
	}
	return false
}

// hasLeaders leaves out a topic while a partition of it has no leader: the consumer would fail for all topics because of one.
// It comes back with a later refresh, and its records with it.
func (f *topicFinder) hasLeaders(topic string) bool {
	all, err := f.client.Partitions(topic)
	if err != nil {
		return false
	}
	writable, err := f.client.WritablePartitions(topic)
	return err == nil && len(writable) == len(all)
}

func (f *topicFinder) matches(topic string) bool {
	return slices.ContainsFunc(f.patterns, func(pattern *regexp.Regexp) bool { return pattern.MatchString(topic) })
}

func (f *topicFinder) close() error {
	if f.client == nil {
		return nil
	}
	return f.client.Close()
}
