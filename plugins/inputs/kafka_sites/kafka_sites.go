// Package kafka_sites consumes the topics of all sites, those of new sites too, and commits a record only when the outputs have it.
package kafka_sites

import (
	"context"
	_ "embed"
	"sync"
	"time"

	"github.com/IBM/sarama"
	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/config"
	"github.com/influxdata/telegraf/plugins/inputs"
	"github.com/influxdata/telegraf/selfstat"
)

//go:embed sample.conf
var sampleConfig string

// KafkaSites has the options of Telegraf's kafka_consumer and its own. It is no wrapper around that plugin, which commits records
// that InfluxDB does not have yet and lets the brokers create deleted topics again, and has no option against either.
type KafkaSites struct {
	Options
	Log        telegraf.Logger     `toml:"-"`
	Statistics *selfstat.Collector `toml:"-"`

	finder   *topicFinder
	config   *sarama.Config
	parser   telegraf.Parser
	naming   *naming
	consumer *consumer // nil while there is nothing to consume
	setbacks setbacks
	counters counters
	claims   claims
	teller   teller

	cancel  context.CancelFunc
	running sync.WaitGroup
}

// SampleConfig returns the commented configuration.
func (*KafkaSites) SampleConfig() string { return sampleConfig }

// SetParser takes the parser that data_format names.
func (k *KafkaSites) SetParser(parser telegraf.Parser) { k.parser = parser }

// Init checks the options; it touches no network.
func (k *KafkaSites) Init() error {
	if err := k.checkOptions(); err != nil {
		return err
	}
	var err error
	if k.naming, err = k.newNaming(); err != nil {
		return err
	}
	if k.finder, err = k.newTopicFinder(); err != nil {
		return err
	}
	if k.config, err = k.newConsumerConfig(); err != nil {
		return err
	}
	k.counters = newCounters(k.Statistics)
	return nil
}

// Start begins to look for topics. That there is no broker or no topic yet is no error: both are waited for.
func (k *KafkaSites) Start(acc telegraf.Accumulator) error {
	ctx, cancel := context.WithCancel(context.Background())
	k.cancel = cancel
	deliveries := newDeliveries(acc, k.MaxUndeliveredMessages)
	listening, stopListening := context.WithCancel(context.Background())
	k.running.Go(func() { deliveries.run(listening) })
	k.running.Go(func() {
		defer stopListening() // last: what is delivered while the consumer stops is committed, too
		k.run(ctx, acc, deliveries)
	})
	return nil
}

// Stop ends consuming; offsets of what was delivered are committed. The rest is consumed again after the next start.
func (k *KafkaSites) Stop() {
	k.cancel()
	k.running.Wait()
}

func init() {
	inputs.Add("kafka_sites", func() telegraf.Input {
		return &KafkaSites{
			Options: Options{
				Version:                "2.8.0",
				ConsumerGroup:          "telegraf-station",
				BalanceStrategy:        "sticky",
				MaxUndeliveredMessages: 5000, // half of Telegraf's default metric_buffer_limit
				MaxProcessingTime:      config.Duration(100 * time.Millisecond),
				RefreshInterval:        config.Duration(30 * time.Second),
			},
		}
	})
}
