package kafka_sites

import (
	"errors"
	"fmt"
	"time"

	"github.com/telegraf-station/telegraf-station/internal/brokers"
)

func (k *KafkaSites) checkOptions() error {
	var err error
	if k.Brokers, err = brokers.Parse(k.Brokers); err != nil {
		return err
	}
	if len(k.TopicRegexps) == 0 {
		return errors.New(`option "topic_regexps" is missing: it says which topics are sites, e.g. topic_regexps = ["^[^_]+_[^_]+_[^_]+$"]`)
	}
	if len(k.Topics) > 0 {
		return fmt.Errorf(`option "topics" is not for this plugin: put %q into topic_regexps`, k.Topics)
	}
	if k.MaxUndeliveredMessages < 1 {
		return fmt.Errorf(`option "max_undelivered_messages" must be 1 or more, and less than the agent's metric_buffer_limit (got %d)`, k.MaxUndeliveredMessages)
	}
	if k.ConnectionStrategy != "" {
		return fmt.Errorf(`option "connection_strategy" is not for this plugin, which waits for the brokers by itself: remove it (got %q)`, k.ConnectionStrategy)
	}
	if interval := time.Duration(k.RefreshInterval); interval < time.Second {
		return fmt.Errorf(`option "refresh_interval" must be 1s or more (got %s)`, interval)
	}
	return nil
}
