// Package kafka_sites consumes the topics of all sites in the centre.
//
// It is Telegraf's own kafka_consumer, with the one thing added that a growing fleet needs: topics.go looks for topics that match,
// again and again, and consume.go begins anew with them. The stock plugin resolves its patterns once, at start:
// without a broker it ends the agent then, without a matching topic it consumes nothing for ever, and a new site needs a reload.
package kafka_sites

import (
	"context"
	_ "embed"
	"sync"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/config"
	"github.com/influxdata/telegraf/plugins/inputs"
	"github.com/influxdata/telegraf/plugins/inputs/kafka_consumer"
	"github.com/influxdata/telegraf/selfstat"
)

//go:embed sample.conf
var sampleConfig string

// KafkaSites has the options of kafka_consumer and its own.
type KafkaSites struct {
	kafka_consumer.KafkaConsumer
	RefreshInterval config.Duration     `toml:"refresh_interval"`
	Statistics      *selfstat.Collector `toml:"-"`

	finder    *topicFinder
	consuming bool
	topics    selfstat.Stat
	restarts  selfstat.Stat

	cancel  context.CancelFunc
	running sync.WaitGroup
}

// SampleConfig returns the commented configuration.
func (*KafkaSites) SampleConfig() string { return sampleConfig }

// Init checks the options; it touches no network.
func (k *KafkaSites) Init() error {
	if err := k.checkOptions(); err != nil {
		return err
	}
	finder, err := k.newTopicFinder()
	if err != nil {
		return err
	}
	k.finder = finder
	k.TopicRegexps = nil // the consumer gets the names that are found
	k.topics = k.Statistics.Register("kafka_sites", "topics", map[string]string{})
	k.restarts = k.Statistics.Register("kafka_sites", "consumer_starts", map[string]string{})
	// The consumer checks its options with some topic; it connects in Start.
	k.Topics = []string{"none"}
	return k.KafkaConsumer.Init()
}

// Start begins to look for topics. That there is no broker or no topic yet is no error: both are waited for.
func (k *KafkaSites) Start(acc telegraf.Accumulator) error {
	ctx, cancel := context.WithCancel(context.Background())
	k.cancel = cancel
	k.running.Go(func() { k.run(ctx, acc) })
	return nil
}

// Gather has nothing to fetch: a record becomes a metric in the moment it arrives.
func (*KafkaSites) Gather(telegraf.Accumulator) error { return nil }

// Stop ends consuming; offsets of what was delivered are committed.
func (k *KafkaSites) Stop() {
	k.cancel()
	k.running.Wait()
}

func init() {
	inputs.Add("kafka_sites", func() telegraf.Input {
		return &KafkaSites{
			KafkaConsumer: kafka_consumer.KafkaConsumer{
				Version:                "2.8.0",
				ConsumerGroup:          "telegraf-station",
				BalanceStrategy:        "sticky",
				MaxUndeliveredMessages: 5000, // half of Telegraf's default metric_buffer_limit
			},
			RefreshInterval: config.Duration(30 * time.Second),
		}
	})
}
