package kafka

import (
	"context"
	"net"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/goleak"

	"github.com/telegraf-station/telegraf-station/test/bed/process"
)

// TestMain lets sarama have its one clock for all meters, which never ends.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/rcrowley/go-metrics.(*meterArbiter).tick"))
}

func startEmbedded(t *testing.T, options EmbeddedOptions) *Embedded {
	t.Helper()
	e, err := StartEmbedded(options)
	require.NoError(t, err)
	t.Cleanup(e.Close)
	return e
}

func reservePort(t *testing.T) *process.Port {
	t.Helper()
	port, err := process.ReservePort()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, port.Release()) })
	return port
}

func within(t *testing.T, limit time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	return ctx
}

// saramaConfig returns the settings of outputs.kafka_site: idempotent, protocol 4.0.0, without automatic topic creation.
func saramaConfig() *sarama.Config {
	config := sarama.NewConfig()
	config.Version = sarama.V4_0_0_0
	config.Metadata.AllowAutoTopicCreation = false
	config.Producer.Idempotent = true
	config.Producer.RequiredAcks = sarama.WaitForAll
	config.Producer.Return.Successes = true
	config.Net.MaxOpenRequests = 1
	return config
}

func createTopic(t *testing.T, addresses []string, topic string, partitions int32, replicas int16) {
	t.Helper()
	admin, err := sarama.NewClusterAdmin(addresses, saramaConfig())
	require.NoError(t, err)
	defer func() { require.NoError(t, admin.Close()) }()
	require.NoError(t, admin.CreateTopic(topic, &sarama.TopicDetail{NumPartitions: partitions, ReplicationFactor: replicas}, false))
}

func startProducer(t *testing.T, addresses []string) sarama.SyncProducer {
	t.Helper()
	producer, err := sarama.NewSyncProducer(addresses, saramaConfig())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, producer.Close()) })
	return producer
}

func reading(topic string, sequence int) *sarama.ProducerMessage {
	return &sarama.ProducerMessage{
		Topic: topic, Key: sarama.StringEncoder("RaspberryPi"), Value: sarama.StringEncoder("reading " + strconv.Itoa(sequence)),
		Headers:   []sarama.RecordHeader{{Key: []byte("station-seq"), Value: []byte(strconv.Itoa(sequence))}},
		Timestamp: time.UnixMilli(1_700_000_000_000 + int64(sequence)),
	}
}

func send(t *testing.T, producer sarama.SyncProducer, topic string, from, to int) {
	t.Helper()
	for sequence := from; sequence < to; sequence++ {
		_, _, err := producer.SendMessage(reading(topic, sequence))
		require.NoError(t, err)
	}
}

func requireSequence(t *testing.T, records []Record, count int) {
	t.Helper()
	require.Len(t, records, count)
	for i, record := range records {
		require.EqualValues(t, i, record.Offset)
		require.Equal(t, strconv.Itoa(i), record.Headers["station-seq"])
	}
}

func TestEmbeddedTakesRecordsFromSarama(t *testing.T) {
	t.Parallel()
	e := startEmbedded(t, EmbeddedOptions{Brokers: 3})
	require.Len(t, e.Addresses(), 3)
	createTopic(t, e.Addresses(), "JNU_1_rasp", 1, 3)
	send(t, startProducer(t, e.Addresses()), "JNU_1_rasp", 0, 20)

	records, err := Records(within(t, time.Minute), e.Addresses(), "JNU_1_rasp")

	require.NoError(t, err)
	requireSequence(t, records, 20)
	require.Equal(t, Record{
		Topic: "JNU_1_rasp", Offset: 7, Key: []byte("RaspberryPi"), Value: []byte("reading 7"),
		Headers: map[string]string{"station-seq": "7"}, Time: time.UnixMilli(1_700_000_000_007),
	}, records[7])
}

func TestEmbeddedMakesNoTopicByItself(t *testing.T) {
	t.Parallel()
	e := startEmbedded(t, EmbeddedOptions{})
	config := saramaConfig()
	config.Metadata.AllowAutoTopicCreation = true
	config.Metadata.Retry.Max = 1
	producer, err := sarama.NewSyncProducer(e.Addresses(), config)
	require.NoError(t, err)
	defer func() { require.NoError(t, producer.Close()) }()

	_, _, err = producer.SendMessage(reading("typo", 0))
	require.ErrorIs(t, err, sarama.ErrUnknownTopicOrPartition)

	_, err = Records(within(t, time.Minute), e.Addresses(), "typo")
	require.ErrorIs(t, err, kerr.UnknownTopicOrPartition)
	require.ErrorContains(t, err, `cannot read topic "typo"`)
}

func TestEmbeddedRefusesMoreReplicasThanBrokers(t *testing.T) {
	t.Parallel()
	e := startEmbedded(t, EmbeddedOptions{Brokers: 2})
	admin, err := sarama.NewClusterAdmin(e.Addresses(), saramaConfig())
	require.NoError(t, err)
	defer func() { require.NoError(t, admin.Close()) }()
	err = admin.CreateTopic("JNU_1_rasp", &sarama.TopicDetail{NumPartitions: 1, ReplicationFactor: 3}, false)
	require.ErrorIs(t, err, sarama.ErrInvalidReplicationFactor)
}

func TestEmbeddedComesBackOnItsPortWithItsRecords(t *testing.T) {
	t.Parallel()
	port := reservePort(t)
	var dialer net.Dialer
	_, err := dialer.DialContext(t.Context(), "tcp", port.Address())
	require.ErrorIs(t, err, syscall.ECONNREFUSED, "before the broker is there")
	options := EmbeddedOptions{Ports: []int{port.Number()}, Dir: t.TempDir()}

	first := startEmbedded(t, options)
	require.Equal(t, []string{port.Address()}, first.Addresses())
	createTopic(t, first.Addresses(), "JNU_1_rasp", 1, 1)
	producer := startProducer(t, first.Addresses())
	send(t, producer, "JNU_1_rasp", 0, 5)
	first.Close()
	first.Close()

	second := startEmbedded(t, options)
	send(t, producer, "JNU_1_rasp", 5, 10)
	records, err := Records(within(t, time.Minute), second.Addresses(), "JNU_1_rasp")
	require.NoError(t, err)
	requireSequence(t, records, 10)
}

func TestEmbeddedFaultsCanBeInjected(t *testing.T) {
	t.Parallel()
	e := startEmbedded(t, EmbeddedOptions{})
	createTopic(t, e.Addresses(), "JNU_1_rasp", 1, 1)
	producer := startProducer(t, e.Addresses())
	failed := make(chan struct{})
	e.Cluster().ControlKey(kmsg.Produce.Int16(), func(kmsg.Request) (kmsg.Response, error, bool) {
		close(failed) // once: the control is dropped when it has handled a request
		return nil, context.Canceled, true
	})
	send(t, producer, "JNU_1_rasp", 0, 3)
	<-failed
	records, err := Records(within(t, time.Minute), e.Addresses(), "JNU_1_rasp")
	require.NoError(t, err)
	requireSequence(t, records, 3)
}

func TestEmbeddedOptionsThatDoNotFit(t *testing.T) {
	t.Parallel()
	_, err := StartEmbedded(EmbeddedOptions{Brokers: 2, Ports: []int{1}})
	require.ErrorContains(t, err, "2 brokers on 1 ports")
	_, err = StartEmbedded(EmbeddedOptions{Brokers: -1})
	require.ErrorContains(t, err, "-1 brokers")

	held := startEmbedded(t, EmbeddedOptions{})
	_, text, err := net.SplitHostPort(held.Addresses()[0])
	require.NoError(t, err)
	number, err := strconv.Atoi(text)
	require.NoError(t, err)
	_, err = StartEmbedded(EmbeddedOptions{Ports: []int{number}})
	require.ErrorIs(t, err, syscall.EADDRINUSE)
}
