package kafka_sites

import (
	"fmt"
	"strings"
	"time"

	"github.com/IBM/sarama"
	telegrafkafka "github.com/influxdata/telegraf/plugins/common/kafka"

	"github.com/telegraf-station/telegraf-station/internal/kafka"
)

// newConfig is what all connections have in common.
func (k *KafkaSites) newConfig() (*sarama.Config, error) {
	version, err := sarama.ParseKafkaVersion(k.Version)
	if err != nil || !version.IsAtLeast(sarama.V0_11_0_0) {
		return nil, fmt.Errorf(`option "kafka_version" must be a Kafka version from 0.11.0.0 on, e.g. "2.8.0" (got %q)`, k.Version)
	}
	cfg := sarama.NewConfig()
	cfg.Version = version
	// A broker with auto.create.topics.enable, Kafka's default, would create a deleted topic again when it is asked about it.
	cfg.Metadata.AllowAutoTopicCreation = false
	if err := k.SetConfig(cfg, k.Log); err != nil {
		return nil, err
	}
	kafka.Guard(cfg)
	return cfg, nil
}

const (
	// sessionTimeout is after how long a silence of a central Telegraf Kafka gives its topics to the others. With what comes on top (a heartbeat, a
	// flush and a commit) a site goes unread for less than 10 s, sarama's own default; brokers allow no less than 6 s.
	sessionTimeout = 7 * time.Second
	// heartbeat is how often a central Telegraf says that it is there, and how late it hears at most that it has more topics.
	heartbeat = time.Second
)

func (k *KafkaSites) newConsumerConfig() (*sarama.Config, error) {
	telegrafkafka.SetLogger(k.Log.Level())
	cfg, err := k.newConfig()
	if err != nil {
		return nil, err
	}
	if cfg.Consumer.Offsets.Initial, err = initialOffset(k.Offset); err != nil {
		return nil, err
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
		cfg.Consumer.Fetch.Default = int32(k.ConsumerFetchDefault) //nolint:gosec // a fetch of 2 GB is sarama's to refuse
	}
	if k.ConsumerFetchMin > 0 {
		cfg.Consumer.Fetch.Min = int32(k.ConsumerFetchMin) //nolint:gosec // as above
	}
	if k.ConsumerFetchMaxWait > 0 {
		cfg.Consumer.MaxWaitTime = time.Duration(k.ConsumerFetchMaxWait)
	}
	return cfg, cfg.Validate()
}

func initialOffset(name string) (int64, error) {
	switch strings.ToLower(name) {
	case "oldest", "":
		return sarama.OffsetOldest, nil
	case "newest":
		return sarama.OffsetNewest, nil
	default:
		return 0, fmt.Errorf(`option "offset" must be "oldest" or "newest" (got %q)`, name)
	}
}

func balanceStrategy(name string) (sarama.BalanceStrategy, error) {
	switch strings.ToLower(name) {
	case "sticky", "":
		return sarama.NewBalanceStrategySticky(), nil
	case "roundrobin":
		return sarama.NewBalanceStrategyRoundRobin(), nil
	case "range":
		return sarama.NewBalanceStrategyRange(), nil
	default:
		return nil, fmt.Errorf(`option "balance_strategy" must be "sticky", "roundrobin" or "range" (got %q)`, name)
	}
}
