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

	"github.com/telegraf-station/telegraf-station/internal/logonce"
)

//go:embed sample.conf
var sampleConfig string

// KafkaSites has the options of Telegraf's kafka_consumer and its own. It does not wrap that plugin, which commits records that InfluxDB
// does not have yet, lets the brokers re-create deleted topics, and has no option against either.
type KafkaSites struct {
	Options
	Log        telegraf.Logger     `toml:"-"`
	Statistics *selfstat.Collector `toml:"-"`

	lister *topicLister
	config *sarama.Config
	parser telegraf.Parser
	// oneReading is true if a record has one reading.
	oneReading bool
	naming     *naming
	once       *logonce.Log
	counters   counters

	// retryInterval is how often to list the topics while there is nothing to consume.
	retryInterval time.Duration

	// initial has the partitions to start at their end, for offset = "newest".
	initial  map[topicPartition]bool
	consumer *consumer // nil while there is nothing to consume
	noTopic  bool      // true if it was logged that no topic matches
	failure  logonce.Failure
	backoff  backoff
	assigned assigned
	reporter reporter

	cancel  context.CancelFunc
	running sync.WaitGroup
}

// SampleConfig returns the commented configuration.
func (*KafkaSites) SampleConfig() string { return sampleConfig }

// SetParser sets the parser that data_format names.
func (k *KafkaSites) SetParser(parser telegraf.Parser) {
	k.parser, k.oneReading = parser, isStation(parser)
}

// Init checks the options; it does not connect.
func (k *KafkaSites) Init() error {
	if err := k.checkOptions(); err != nil {
		return err
	}
	var err error
	if k.naming, err = k.newNaming(); err != nil {
		return err
	}
	if k.lister, err = k.newTopicLister(); err != nil {
		return err
	}
	if k.config, err = k.newConsumerConfig(); err != nil {
		return err
	}
	k.once = logonce.New(k.Log, "")
	k.counters = newCounters(k.Statistics)
	return nil
}

// Start starts to look for topics. Brokers and topics may be missing: the plugin waits for them.
func (k *KafkaSites) Start(acc telegraf.Accumulator) error {
	ctx, cancel := context.WithCancel(context.Background())
	k.cancel = cancel
	inFlight := newInFlight(acc, k.MaxUndeliveredMessages)
	listening, stopListening := context.WithCancel(context.Background())
	k.running.Go(func() { inFlight.run(listening) })
	k.running.Go(func() {
		defer stopListening() // last, so that records delivered while the consumer stops are committed
		k.refresh(ctx, inFlight)
	})
	return nil
}

// Stop stops consuming and commits the offsets of delivered records. The rest is read again after the next start.
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
				MaxMessageLen:          1_000_000, // Kafka's own default
				MaxUndeliveredMessages: 5000,      // half of Telegraf's default metric_buffer_limit
				MaxProcessingTime:      config.Duration(100 * time.Millisecond),
				RefreshInterval:        config.Duration(30 * time.Second),
			},
			retryInterval: 2 * time.Second,
			backoff:       backoff{shortest: time.Second, longest: time.Minute},
			reporter:      reporter{timeout: 2 * time.Second},
		}
	})
}
