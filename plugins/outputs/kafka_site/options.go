package kafka_site

import (
	"fmt"
	"strings"
	"time"

	"github.com/IBM/sarama"

	"github.com/telegraf-station/telegraf-station/internal/brokers"
)

func (k *KafkaSite) checkOptions() error {
	var err error
	if k.Brokers, err = brokers.Parse(k.Brokers); err != nil {
		return err
	}
	switch {
	case k.Partitions < 1:
		return fmt.Errorf(`option "partitions" must be 1 or more (got %d)`, k.Partitions)
	case k.ReplicationFactor < 1:
		return fmt.Errorf(`option "replication_factor" must be 1 or more, at most the number of brokers (got %d)`, k.ReplicationFactor)
	case k.MaxMessageBytes < 1024 || k.MaxMessageBytes > 100<<20:
		return fmt.Errorf(`option "max_message_bytes" must be between 1 KiB and 100 MiB, and no more than the broker's message.max.bytes (got %d)`, k.MaxMessageBytes)
	case time.Duration(k.WriteTimeout) < time.Second:
		return fmt.Errorf(`option "write_timeout" must be 1s or more (got %s)`, time.Duration(k.WriteTimeout))
	}
	return k.checkCommonOptions()
}

// checkCommonOptions words what Telegraf's common Kafka options would refuse less clearly.
func (k *KafkaSite) checkCommonOptions() error {
	version, err := sarama.ParseKafkaVersion(k.Version)
	if err != nil || !version.IsAtLeast(sarama.V0_11_0_0) {
		return fmt.Errorf(`option "version" must be a Kafka version from 0.11.0.0 on, e.g. "2.8.0" (got %q)`, k.Version)
	}
	if k.CompressionCodec < int(sarama.CompressionNone) || k.CompressionCodec > int(sarama.CompressionZSTD) {
		return fmt.Errorf(`option "compression_codec" must be 0 (none), 1 (gzip), 2 (snappy), 3 (lz4) or 4 (zstd) (got %d)`, k.CompressionCodec)
	}
	switch strings.ToLower(k.MetadataRetryType) {
	case "", "constant", "exponential":
		return nil
	}
	return fmt.Errorf(`option "metadata_retry_type" must be "constant" or "exponential" (got %q)`, k.MetadataRetryType)
}

// clientConfig is what the promise of delivery rests on: every in-sync replica acknowledges, a retry by the producer
// is no repeat (idempotence), and one request at a time keeps the order.
func (k *KafkaSite) clientConfig() (*sarama.Config, error) {
	settings := sarama.NewConfig()
	settings.Producer.RequiredAcks = sarama.WaitForAll
	settings.Producer.Idempotent = true
	settings.Net.MaxOpenRequests = 1
	settings.Producer.Return.Successes = true
	settings.Producer.MaxMessageBytes = int(k.MaxMessageBytes)
	settings.Producer.Retry.Max = producerRetries
	settings.Producer.Retry.Backoff = 100 * time.Millisecond
	settings.Metadata.AllowAutoTopicCreation = false
	settings.Metadata.Retry.Max = 1
	settings.Net.DialTimeout = 5 * time.Second
	settings.Net.ReadTimeout = 10 * time.Second
	settings.Net.WriteTimeout = 10 * time.Second
	// Only the topics of this station's records: a cluster may have thousands of others.
	settings.Metadata.Full = false
	if err := k.SetConfig(settings, k.Log); err != nil {
		return nil, err
	}
	if err := settings.Validate(); err != nil {
		return nil, err
	}
	return settings, nil
}

// producerRetries lets the producer itself outlast a change of leader (some 30 s); the order rests on waves, not on it.
const producerRetries = 300
