package kafka_sites

import (
	"fmt"
	"strings"
	"time"

	"github.com/IBM/sarama"
	telegrafkafka "github.com/influxdata/telegraf/plugins/common/kafka"

	"github.com/telegraf-station/telegraf-station/internal/kafka"
)

// newConfig returns the configuration that all connections have in common.
func (k *KafkaSites) newConfig() (*sarama.Config, error) {
	version, err := sarama.ParseKafkaVersion(k.Version)
	if err != nil || !version.IsAtLeast(sarama.V0_11_0_0) {
		return nil, fmt.Errorf(`option "kafka_version" must be 0.11.0.0 or later, such as "2.8.0" (got %q)`, k.Version)
	}
	cfg := sarama.NewConfig()
	cfg.Version = version
	// With auto.create.topics.enable, the Kafka default, a broker would re-create a deleted topic when it receives a request for its metadata.
	cfg.Metadata.AllowAutoTopicCreation = false
	if err := k.SetConfig(cfg, k.Log); err != nil {
		return nil, err
	}
	kafka.Guard(cfg)
	return cfg, nil
}

const (
	// sessionTimeout is how long after its last heartbeat Kafka assigns the topics of a central Telegraf to the remaining ones. Including a
	// heartbeat, a flush, and a commit, a site is unread for less than 10 s, sarama's default. Brokers allow no less than 6 s.
	sessionTimeout = 7 * time.Second
	// heartbeat is also the longest time until a central Telegraf learns that it has more topics.
	heartbeat = time.Second
	// From manyTopics topics on, a fetch waits for manyBytes. It costs the broker and the central Telegraf something for each requested topic,
	// with or without a record (sarama has no fetch sessions, KIP-227). With that many topics, one always has a record, so each fetch would
	// return only one or two.
	manyTopics, manyBytes = 500, 64 << 10
)

func (k *KafkaSites) newConsumerConfig() (*sarama.Config, error) {
	telegrafkafka.SetLogger(k.Log.Level())
	cfg, err := k.newConfig()
	if err != nil {
		return nil, err
	}
	switch strings.ToLower(k.Offset) {
	case "oldest", newestOffset, "":
		cfg.Consumer.Offsets.Initial = sarama.OffsetOldest // see newest_start.go
	default:
		return nil, fmt.Errorf(`option "offset" must be "oldest" or "newest" (got %q)`, k.Offset)
	}
	strategy, err := balanceStrategy(k.BalanceStrategy)
	if err != nil {
		return nil, err
	}
	cfg.Consumer.Group.Rebalance.GroupStrategies = []sarama.BalanceStrategy{strategy}
	cfg.Consumer.Group.Session.Timeout, cfg.Consumer.Group.Heartbeat.Interval = sessionTimeout, heartbeat
	cfg.Net.ResolveCanonicalBootstrapServers = k.ResolveCanonicalBootstrapServersOnly
	if k.MaxProcessingTime > 0 {
		cfg.Consumer.MaxProcessingTime = time.Duration(k.MaxProcessingTime)
	}
	if k.ConsumerFetchDefault > 0 {
		cfg.Consumer.Fetch.Default = int32(k.ConsumerFetchDefault) //nolint:gosec // sarama rejects a fetch of 2 GB
	}
	if k.ConsumerFetchMin > 0 {
		cfg.Consumer.Fetch.Min = int32(k.ConsumerFetchMin) //nolint:gosec // as above
	}
	if k.ConsumerFetchMaxWait > 0 {
		cfg.Consumer.MaxWaitTime = time.Duration(k.ConsumerFetchMaxWait)
	}
	return cfg, cfg.Validate()
}

// configFor returns the configuration for consuming a number of topics.
func (k *KafkaSites) configFor(topics int) *sarama.Config {
	if topics < manyTopics || k.ConsumerFetchMin > 0 {
		return k.config
	}
	cfg := *k.config
	cfg.Consumer.Fetch.Min = manyBytes
	return &cfg
}

const newestOffset = "newest"

func (o *Options) startsAtNewest() bool { return strings.EqualFold(o.Offset, newestOffset) }

func balanceStrategy(name string) (sarama.BalanceStrategy, error) {
	switch strings.ToLower(name) {
	case "sticky", "":
		return sarama.NewBalanceStrategySticky(), nil
	case "roundrobin":
		return sarama.NewBalanceStrategyRoundRobin(), nil
	case "range":
		return sarama.NewBalanceStrategyRange(), nil
	default:
		return nil, fmt.Errorf(`option "balance_strategy" must be "sticky", "roundrobin", or "range" (got %q)`, name)
	}
}
