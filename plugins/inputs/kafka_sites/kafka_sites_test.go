package kafka_sites

import (
	"net"
	"testing"
	"time"

	"github.com/influxdata/telegraf/config"
	_ "github.com/influxdata/telegraf/plugins/parsers/influx" // Telegraf looks up its default format even where data_format is not set
	"github.com/influxdata/telegraf/testutil"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/telegraf-station/telegraf-station/test/bed/process"
)

func TestInvalidOptions(t *testing.T) {
	t.Parallel()
	require.NoError(t, newPlugin(t, nil).Init())
	for want, change := range map[string]func(*KafkaSites){
		`option "brokers" must be`: func(k *KafkaSites) { k.Brokers = []string{"kafka-1"} },
		`option "topic_regexps" is required, such as topic_regexps = ["^[^_]+_[^_]+_[^_]+$"]`:            func(k *KafkaSites) { k.TopicRegexps = nil },
		"option \"topic_regexps\": error parsing regexp: missing closing ]: `[a` (got \"[a\")":           func(k *KafkaSites) { k.TopicRegexps = []string{"[a"} },
		`option "refresh_interval" must be 1s or more (got 0s)`:                                          func(k *KafkaSites) { k.RefreshInterval = 0 },
		`option "kafka_version" must be 0.11.0.0 or later, such as "2.8.0" (got "four")`:                 func(k *KafkaSites) { k.Version = "four" },
		`option "max_undelivered_messages" must be 1 or more and less than metric_buffer_limit (got -1)`: func(k *KafkaSites) { k.MaxUndeliveredMessages = -1 },
		`option "balance_strategy" must be "sticky", "roundrobin", or "range" (got "fair")`:              func(k *KafkaSites) { k.BalanceStrategy = "fair" },
		`option "offset" must be "oldest" or "newest" (got "middle")`:                                    func(k *KafkaSites) { k.Offset = "middle" },
		`option "timestamp_source" must be "metric", "inner", or "outer" (got "now")`:                    func(k *KafkaSites) { k.TimestampSource = "now" },
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			require.ErrorContains(t, newPlugin(t, change).Init(), want)
		})
	}
}

// Telegraf itself rejects the options of kafka_consumer that this plugin does not have.
func TestUnsupportedOptions(t *testing.T) {
	t.Parallel()
	for _, line := range []string{`topics = ["JNU_1_rasp"]`, `connection_strategy = "defer"`} {
		loader := config.NewConfig()
		err := loader.LoadConfigData([]byte("[[inputs.kafka_sites]]\n"+line), config.EmptySourcePath)
		require.ErrorContains(t, err, "configuration specified the fields")
	}
}

func TestSampleConfiguration(t *testing.T) {
	t.Parallel()
	loader := config.NewConfig()
	require.NoError(t, loader.LoadConfigData([]byte(sampleConfig), config.EmptySourcePath))
	require.Len(t, loader.Inputs, 1)
	require.NoError(t, loader.Inputs[0].Input.(*KafkaSites).Init())
}

// Stop does not wait for brokers that accept connections and do not respond.
func TestStopWhileBrokersDoNotRespond(t *testing.T) {
	t.Parallel()
	var addresses []string
	for range 3 {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, listener.Close()) })
		addresses = append(addresses, listener.Addr().String())
	}
	plugin := newPlugin(t, func(k *KafkaSites) { k.Brokers = addresses })
	require.NoError(t, plugin.Init())
	plugin.lister.config.Net.ReadTimeout = time.Hour
	require.NoError(t, plugin.Start(&testutil.Accumulator{}))
	plugin.Stop()
}

// It counts the descriptors of the process, so no other test runs at the same time.
func TestStopLeavesNoDescriptorOpen(t *testing.T) { //nolint:paralleltest // see above
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	require.NoError(t, err)
	defer cluster.Close()
	produce(t, cluster, "JNU_1_rasp", 0, 5)
	before, err := process.Descriptors()
	require.NoError(t, err)
	c := newCentral(t, cluster, nil)
	c.acceptAll(t, "JNU_1_rasp", 5)
	c.stop()
	require.Eventually(t, func() bool { // the cluster, also in this process, notices later
		after, err := process.Descriptors()
		return err == nil && after <= before
	}, time.Minute, 10*time.Millisecond)
}
