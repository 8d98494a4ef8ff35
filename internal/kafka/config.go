package kafka

import (
	"time"

	"github.com/IBM/sarama"
	"github.com/influxdata/telegraf/logger"
	"github.com/influxdata/telegraf/plugins/common/kafka"
)

// NewToolConfig returns the connection settings of the operator tool. OpenAdmin reads the addresses, TLS, and login from them.
func NewToolConfig() *sarama.Config {
	config := sarama.NewConfig()
	config.ClientID = "stationctl"
	config.Version = sarama.V2_8_0_0
	config.Metadata.AllowAutoTopicCreation = false
	config.Metadata.Retry.Max = 1
	return config
}

// NewProbeConfig returns the configuration of a client that a user waits for: it does not retry, creates no topics, and limits each
// response. common has the options of a plugin.
func NewProbeConfig(common kafka.Config, limit time.Duration) (*sarama.Config, error) {
	config := sarama.NewConfig()
	config.Metadata.AllowAutoTopicCreation = false
	config.Metadata.Retry.Max = 0
	config.Metadata.Full = false
	config.Net.DialTimeout, config.Net.ReadTimeout, config.Net.WriteTimeout = limit, limit, limit
	config.Admin.Timeout, config.Admin.Retry.Max = limit, 0
	if err := common.SetConfig(config, logger.New("", "", "")); err != nil {
		return nil, err
	}
	Guard(config)
	return config, config.Validate()
}
