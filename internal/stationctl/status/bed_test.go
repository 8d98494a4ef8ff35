package status

import (
	"encoding/json"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/stretchr/testify/require"

	stationkafka "github.com/telegraf-station/telegraf-station/internal/kafka"
	"github.com/telegraf-station/telegraf-station/internal/record"
	"github.com/telegraf-station/telegraf-station/test/bed/kafka"
)

const epoch = "18eadc35f82ab769"

// bed is an embedded Kafka, and who writes to it.
type bed struct {
	*kafka.Embedded
	producer sarama.SyncProducer
	now      time.Time
}

func newBed(t *testing.T, change ...func(*sarama.Config)) *bed {
	t.Helper()
	cluster, err := kafka.StartEmbedded(kafka.EmbeddedOptions{Brokers: 3})
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	b := &bed{Embedded: cluster, now: time.Now()}
	b.producer = b.newProducer(t, change...)
	return b
}

func (b *bed) newProducer(t *testing.T, change ...func(*sarama.Config)) sarama.SyncProducer {
	t.Helper()
	config := stationkafka.NewToolConfig()
	config.Producer.Return.Successes = true
	config.Producer.MaxMessageBytes = 2 << 20
	for _, c := range change {
		c(config)
	}
	producer, err := sarama.NewSyncProducer(b.Addresses(), config)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, producer.Close()) })
	return producer
}

func (b *bed) topic(t *testing.T, name string, partitions int32) {
	t.Helper()
	require.NoError(t, b.Cluster().CreateTopic(name, partitions, nil))
}

// sent is a reading on its way. Age is that of the reading when the test began; without a seq there is no number.
type sent struct {
	device, skipped, health, value string
	status                         int
	seq                            int64
	age                            time.Duration
}

func (b *bed) message(topic string, s sent) *sarama.ProducerMessage {
	value := s.value
	if value == "" {
		device, _ := json.Marshal(s.device) //nolint:errchkjson // a string
		value = fmt.Sprintf(`{"device_id":%s,"status":%d,"time":%q,"lat":35.1,"lon":126.9,"temp":26.0}`, device, s.status, b.now.Add(-s.age).UTC().Format(time.RFC3339Nano))
	}
	message := &sarama.ProducerMessage{Topic: topic, Key: sarama.StringEncoder(s.device), Value: sarama.StringEncoder(value), Timestamp: time.Now()}
	add := func(name, value string) {
		if value != "" {
			message.Headers = append(message.Headers, sarama.RecordHeader{Key: []byte(name), Value: []byte(value)})
		}
	}
	if s.seq > 0 {
		add(record.HeaderEpoch, epoch)
		add(record.HeaderSeq, strconv.FormatInt(s.seq, 10))
	}
	add(record.HeaderSkipped, s.skipped)
	add(record.HeaderHealth, s.health)
	return message
}

func (b *bed) send(t *testing.T, topic string, all ...sent) {
	t.Helper()
	messages := make([]*sarama.ProducerMessage, 0, len(all))
	for _, s := range all {
		messages = append(messages, b.message(topic, s))
	}
	require.NoError(t, b.producer.SendMessages(messages))
}

// readings are good ones of the device pi, one every ten seconds, the last of them now.
func readings(from, to int64) (all []sent) {
	for seq := from; seq <= to; seq++ {
		all = append(all, sent{device: "pi", seq: seq, age: time.Duration(to-seq) * 10 * time.Second})
	}
	return all
}

func (b *bed) commit(t *testing.T, group, topic string, offset int64) {
	t.Helper()
	client, err := sarama.NewClient(b.Addresses(), stationkafka.NewToolConfig())
	require.NoError(t, err)
	defer func() { require.NoError(t, client.Close()) }()
	coordinator, err := client.Coordinator(group)
	require.NoError(t, err)
	request := &sarama.OffsetCommitRequest{Version: 7, ConsumerGroup: group, ConsumerGroupGeneration: -1}
	request.AddBlock(topic, 0, offset, 0, "")
	answer, err := coordinator.CommitOffset(request)
	require.NoError(t, err)
	require.Equal(t, sarama.ErrNoError, answer.Errors[topic][0])
}

func options(addresses []string) Options {
	return Options{Brokers: addresses, Config: stationkafka.NewToolConfig(), Group: "telegraf-station", SilentAfter: 5 * time.Minute, MaxLag: 1000}
}

func (b *bed) look(t *testing.T) *Report {
	t.Helper()
	report, err := Run(t.Context(), options(b.Addresses()))
	require.NoError(t, err)
	return report
}

// site is the only one there is.
func (b *bed) site(t *testing.T) Site {
	t.Helper()
	report := b.look(t)
	require.Len(t, report.Sites, 1)
	return report.Sites[0]
}
