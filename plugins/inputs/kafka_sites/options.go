package kafka_sites

import (
	"errors"
	"fmt"
	"time"

	"github.com/influxdata/telegraf/config"
	telegrafkafka "github.com/influxdata/telegraf/plugins/common/kafka"

	"github.com/telegraf-station/telegraf-station/internal/kafka"
)

// Options has the options of Telegraf's kafka_consumer under the same names, without topics and connection_strategy, and more.
type Options struct {
	Brokers                []string        `toml:"brokers"`
	TopicRegexps           []string        `toml:"topic_regexps"`
	RefreshInterval        config.Duration `toml:"refresh_interval"`
	ConsumerGroup          string          `toml:"consumer_group"`
	BalanceStrategy        string          `toml:"balance_strategy"`
	Offset                 string          `toml:"offset"`
	MaxUndeliveredMessages int             `toml:"max_undelivered_messages"`
	MaxProcessingTime      config.Duration `toml:"max_processing_time"`

	Topic       string            `toml:"topic"`
	Measurement string            `toml:"measurement"`
	Rename      map[string]string `toml:"rename"`

	MaxMessageLen         int      `toml:"max_message_len"`
	TopicTag              string   `toml:"topic_tag"`
	PartitionTag          string   `toml:"partition_tag"`
	OffsetTag             string   `toml:"offset_tag"`
	MsgHeadersAsTags      []string `toml:"msg_headers_as_tags"`
	MsgHeaderAsMetricName string   `toml:"msg_header_as_metric_name"`
	TimestampSource       string   `toml:"timestamp_source"`

	ConsumerFetchDefault                 config.Size     `toml:"consumer_fetch_default"`
	ConsumerFetchMin                     config.Size     `toml:"consumer_fetch_min"`
	ConsumerFetchMaxWait                 config.Duration `toml:"consumer_fetch_max_wait"`
	ResolveCanonicalBootstrapServersOnly bool            `toml:"resolve_canonical_bootstrap_servers_only"`

	Version string `toml:"kafka_version"` // hides the one of telegrafkafka.ReadConfig, which is "version" there
	telegrafkafka.ReadConfig
}

func (o *Options) checkOptions() error {
	var err error
	if o.Brokers, err = kafka.Parse(o.Brokers); err != nil {
		return err
	}
	if len(o.TopicRegexps) == 0 {
		return errors.New(`option "topic_regexps" is required, such as topic_regexps = ["^[^_]+_[^_]+_[^_]+$"]`)
	}
	if o.MaxUndeliveredMessages < 1 {
		return fmt.Errorf(`option "max_undelivered_messages" must be 1 or more and less than metric_buffer_limit (got %d)`, o.MaxUndeliveredMessages)
	}
	if interval := time.Duration(o.RefreshInterval); interval < time.Second {
		return fmt.Errorf(`option "refresh_interval" must be 1s or more (got %s)`, interval)
	}
	switch o.TimestampSource {
	case "", "metric", "inner", "outer":
	default:
		return fmt.Errorf(`option "timestamp_source" must be "metric", "inner", or "outer" (got %q)`, o.TimestampSource)
	}
	return nil
}
