package kafka_site

import (
	"testing"

	"github.com/influxdata/telegraf/config"
	"github.com/influxdata/telegraf/plugins/outputs"
	"github.com/influxdata/telegraf/selfstat"
	"github.com/influxdata/telegraf/testutil"
	"github.com/stretchr/testify/require"
)

// newPlugin returns a plugin with valid options and those of the test.
func newPlugin(change func(*KafkaSite)) *KafkaSite {
	plugin := outputs.Outputs["kafka_site"]().(*KafkaSite)
	plugin.Brokers = []string{"127.0.0.1:1"}
	plugin.Log = testutil.Logger{Quiet: true}
	plugin.Statistics = selfstat.NewCollector(map[string]string{})
	if change != nil {
		change(plugin)
	}
	return plugin
}

func TestValidOptions(t *testing.T) {
	for name, change := range map[string]func(*KafkaSite){
		"defaults":             nil,
		"brokers in one":       func(k *KafkaSite) { k.Brokers = []string{"a:1,b:2", "c:3"} },
		"IPv6":                 func(k *KafkaSite) { k.Brokers = []string{"[::1]:9092"} },
		"another topic":        func(k *KafkaSite) { k.Topic = "stations.{site}-{index}" },
		"keep unknown fields":  func(k *KafkaSite) { k.UnknownFields = "keep" },
		"SCRAM":                func(k *KafkaSite) { useSASL(k, "SCRAM-SHA-512") },
		"no topics":            func(k *KafkaSite) { k.CreateTopics = false },
		"zstd":                 func(k *KafkaSite) { k.CompressionCodec = 4 },
		"Kafka 4":              func(k *KafkaSite) { k.Version = "4.0.0" },
		"an outbox":            func(k *KafkaSite) { k.Outbox = "/var/lib/telegraf-station/outbox" },
		"an outbox when asked": func(k *KafkaSite) { k.Outbox, k.Durability = "/outbox", "on_failure" },
		"the smallest outbox":  func(k *KafkaSite) { k.Outbox, k.OutboxMaxSize, k.OutboxMaxRecords = "/outbox", 1<<20, 100 },
		"drop the oldest":      func(k *KafkaSite) { k.OnFull = "drop_oldest" },
		"drop the newest":      func(k *KafkaSite) { k.OnFull = "drop_newest" },
		"exponential metadata": func(k *KafkaSite) { k.MetadataRetryType = "exponential" },
	} {
		t.Run(name, func(t *testing.T) { require.NoError(t, newPlugin(change).Init()) })
	}
	plugin := newPlugin(func(k *KafkaSite) { k.Brokers = []string{"a:1, b:2", "c:3"} })
	require.NoError(t, plugin.Init())
	require.Equal(t, []string{"a:1", "b:2", "c:3"}, plugin.sender.network.brokers)
}

func useSASL(k *KafkaSite, mechanism string) {
	k.SASLUsername = config.NewSecret([]byte("station"))
	k.SASLPassword = config.NewSecret([]byte("secret"))
	k.SASLMechanism = mechanism
}

// TestInvalidOptions has the message of every invalid option.
func TestInvalidOptions(t *testing.T) {
	for want, change := range map[string]func(*KafkaSite){
		`option "brokers" is required, e.g. brokers = ["kafka-1:9092", "kafka-2:9092", "kafka-3:9092"]`:                   func(k *KafkaSite) { k.Brokers = nil },
		`option "brokers" must be a list of host:port, e.g. ["kafka-1:9092"] (got "kafka-1")`:                             func(k *KafkaSite) { k.Brokers = []string{"kafka-1"} },
		`option "brokers" must be a list of host:port, e.g. ["kafka-1:9092"] (got ":9092")`:                               func(k *KafkaSite) { k.Brokers = []string{"a:1,:9092"} },
		`option "brokers" must be a list of host:port, e.g. ["kafka-1:9092"] (got "")`:                                    func(k *KafkaSite) { k.Brokers = []string{""} },
		`option "outbox" must be an absolute path, e.g. "/var/lib/telegraf-station/outbox" (got "outbox")`:                func(k *KafkaSite) { k.Outbox = "outbox" },
		`option "durability" must be "always" or "on_failure" (got "sometimes")`:                                          func(k *KafkaSite) { k.Durability = "sometimes" },
		`option "outbox_max_size" must be 1 MiB or more (got 1048575 bytes)`:                                              func(k *KafkaSite) { k.OutboxMaxSize = 1<<20 - 1 },
		`option "outbox_max_records" must be 100 or more (got 99)`:                                                        func(k *KafkaSite) { k.OutboxMaxRecords = 99 },
		`option "on_full" must be "block", "drop_oldest", or "drop_newest" (got "drop")`:                                  func(k *KafkaSite) { k.OnFull = "drop" },
		`option "topic" must contain tags in braces, as in "{site}_{index}_{type}" (got "readings")`:                      func(k *KafkaSite) { k.Topic = "readings" },
		`option "topic" must not contain empty braces (got "{site}_{}")`:                                                  func(k *KafkaSite) { k.Topic = "{site}_{}" },
		`option "topic" must consist of tags in braces, letters, digits, ".", "_", and "-" (got "{site}/{index}")`:        func(k *KafkaSite) { k.Topic = "{site}/{index}" },
		`option "topic" must consist of tags in braces, letters, digits, ".", "_", and "-" (got "{site}_{index")`:         func(k *KafkaSite) { k.Topic = "{site}_{index" },
		`option "partitions" must be 1 or more (got 0)`:                                                                   func(k *KafkaSite) { k.Partitions = 0 },
		`option "replication_factor" must be from 1 to the number of brokers (got 0)`:                                     func(k *KafkaSite) { k.ReplicationFactor = 0 },
		`option "max_message_bytes" must be from 1 KiB to 100 MiB, and at most message.max.bytes of the brokers (got 10)`: func(k *KafkaSite) { k.MaxMessageBytes = 10 },
		`option "write_timeout" must be 1s or more (got 1ms)`:                                                             func(k *KafkaSite) { k.WriteTimeout = config.Duration(1e6) },
		`option "metric_buffer_limit" must be 1 or more (got 0)`:                                                          func(k *KafkaSite) { k.MetricBufferLimit = 0 },
		`option "schema" must be "environment" or the path of a schema file (got "x")`:                                    func(k *KafkaSite) { k.Schema = "x" },
		`option "unknown_fields" must be "drop", "keep", or "error" (got "x")`:                                            func(k *KafkaSite) { k.UnknownFields = "x" },
		`option "version" must be a Kafka version, 0.11.0.0 or later, e.g. "2.8.0" (got "four")`:                          func(k *KafkaSite) { k.Version = "four" },
		`option "version" must be a Kafka version, 0.11.0.0 or later, e.g. "2.8.0" (got "0.10.0.0")`:                      func(k *KafkaSite) { k.Version = "0.10.0.0" },
		`option "compression_codec" must be 0 (none), 1 (gzip), 2 (snappy), 3 (lz4), or 4 (zstd) (got 7)`:                 func(k *KafkaSite) { k.CompressionCodec = 7 },
		`option "metadata_retry_type" must be "constant" or "exponential" (got "x")`:                                      func(k *KafkaSite) { k.MetadataRetryType = "x" },
	} {
		t.Run(want, func(t *testing.T) { require.EqualError(t, newPlugin(change).Init(), want) })
	}
	for want, change := range map[string]func(*KafkaSite){
		"Possible values are `OAUTHBEARER`, `PLAIN`, `SCRAM-SHA-256`, `SCRAM-SHA-512` and `GSSAPI`": func(k *KafkaSite) { useSASL(k, "SCRAM") },
		`could not read certificate "/no/ca.pem"`:                                                   func(k *KafkaSite) { k.TLSCA = "/no/ca.pem" },
	} {
		require.ErrorContains(t, newPlugin(change).Init(), want)
	}
}

func TestSampleConfiguration(t *testing.T) {
	loader := config.NewConfig()
	require.NoError(t, loader.LoadConfigData([]byte(sampleConfig), config.EmptySourcePath))
	require.Len(t, loader.Outputs, 1)
	require.NoError(t, loader.Outputs[0].Output.(*KafkaSite).Init())
}
