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
	if interval := time.Duration(k.RefreshInterval); interval < time.Second {
		return fmt.Errorf(`option "refresh_interval" must be 1s or more (got %s)`, interval)
	}
	return nil
}
