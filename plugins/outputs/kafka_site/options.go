package kafka_site

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/IBM/sarama"

	"github.com/telegraf-station/telegraf-station/internal/kafka"
	"github.com/telegraf-station/telegraf-station/internal/outbox"
)

func (k *KafkaSite) checkOptions() error {
	var err error
	if k.Brokers, err = kafka.Parse(k.Brokers); err != nil {
		return err
	}
	switch {
	case k.Partitions < 1:
		return fmt.Errorf(`option "partitions" must be 1 or more (got %d)`, k.Partitions)
	case k.ReplicationFactor < 1:
		return fmt.Errorf(`option "replication_factor" must be from 1 to the number of brokers (got %d)`, k.ReplicationFactor)
	case k.MaxMessageBytes < 1024 || k.MaxMessageBytes > 100<<20:
		return fmt.Errorf(`option "max_message_bytes" must be from 1 KiB to 100 MiB, and at most message.max.bytes of the brokers (got %d)`, k.MaxMessageBytes)
	case time.Duration(k.WriteTimeout) < time.Second:
		return fmt.Errorf(`option "write_timeout" must be 1s or more (got %s)`, time.Duration(k.WriteTimeout))
	case k.MetricBufferLimit < 1:
		return fmt.Errorf(`option "metric_buffer_limit" must be 1 or more (got %d)`, k.MetricBufferLimit)
	}
	if err := k.checkOutboxOptions(); err != nil {
		return err
	}
	return k.checkCommonOptions()
}

// minOutboxSize is a few segments of the outbox.
const minOutboxSize = 1 << 20

func (k *KafkaSite) checkOutboxOptions() error {
	switch {
	case k.Outbox != "" && !filepath.IsAbs(k.Outbox):
		return fmt.Errorf(`option "outbox" must be an absolute path, e.g. "/var/lib/telegraf-station/outbox" (got %q)`, k.Outbox)
	case k.Durability != "always" && k.Durability != "on_failure":
		return fmt.Errorf(`option "durability" must be "always" or "on_failure" (got %q)`, k.Durability)
	case k.OutboxMaxSize < minOutboxSize:
		return fmt.Errorf(`option "outbox_max_size" must be 1 MiB or more (got %d bytes)`, k.OutboxMaxSize)
	case k.OutboxMaxRecords < 100:
		return fmt.Errorf(`option "outbox_max_records" must be 100 or more (got %d)`, k.OutboxMaxRecords)
	}
	switch outbox.OnFull(k.OnFull) {
	case outbox.Block, outbox.DropOldest, outbox.DropNewest:
		return nil
	}
	return fmt.Errorf(`option "on_full" must be "block", "drop_oldest", or "drop_newest" (got %q)`, k.OnFull)
}

// checkCommonOptions checks Telegraf's common Kafka options, whose own errors are less clear.
func (k *KafkaSite) checkCommonOptions() error {
	version, err := sarama.ParseKafkaVersion(k.Version)
	if err != nil || !version.IsAtLeast(sarama.V0_11_0_0) {
		return fmt.Errorf(`option "version" must be a Kafka version, 0.11.0.0 or later, e.g. "2.8.0" (got %q)`, k.Version)
	}
	if k.CompressionCodec < int(sarama.CompressionNone) || k.CompressionCodec > int(sarama.CompressionZSTD) {
		return fmt.Errorf(`option "compression_codec" must be 0 (none), 1 (gzip), 2 (snappy), 3 (lz4), or 4 (zstd) (got %d)`, k.CompressionCodec)
	}
	switch strings.ToLower(k.MetadataRetryType) {
	case "", "constant", "exponential":
		return nil
	}
	return fmt.Errorf(`option "metadata_retry_type" must be "constant" or "exponential" (got %q)`, k.MetadataRetryType)
}

// clientConfig returns the configuration of the connections. What the delivery of a record depends on is in produce_request.go.
func (k *KafkaSite) clientConfig() (*sarama.Config, error) {
	settings := sarama.NewConfig()
	settings.Net.MaxOpenRequests = 1
	settings.Metadata.AllowAutoTopicCreation = false
	settings.Metadata.Retry.Max = 0 // the sender retries with backoff
	settings.Net.DialTimeout = 5 * time.Second
	settings.Net.ReadTimeout = k.requestTimeout
	settings.Net.WriteTimeout = k.requestTimeout
	settings.Metadata.Full = false // only the topics of this station: a cluster may have thousands
	if err := k.SetConfig(settings, k.Log); err != nil {
		return nil, err
	}
	kafka.Guard(settings)
	if err := settings.Validate(); err != nil {
		return nil, err
	}
	return settings, nil
}
