package kafka

import (
	"context"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"
)

func TestRecordsOfAnEmptyTopic(t *testing.T) {
	t.Parallel()
	e := startEmbedded(t, EmbeddedOptions{})
	createTopic(t, e.Addresses(), "JNU_1_rasp", 3, 1)
	records, err := Records(within(t, time.Minute), e.Addresses(), "JNU_1_rasp")
	require.NoError(t, err)
	require.Empty(t, records)
}

func TestRecordsGoByPartitionAndStartAtTheFirstThatIsLeft(t *testing.T) {
	t.Parallel()
	e := startEmbedded(t, EmbeddedOptions{Brokers: 3})
	createTopic(t, e.Addresses(), "JNU_1_rasp", 3, 1)
	config := saramaConfig()
	config.Producer.Partitioner = sarama.NewManualPartitioner
	producer, err := sarama.NewSyncProducer(e.Addresses(), config)
	require.NoError(t, err)
	defer func() { require.NoError(t, producer.Close()) }()
	for sequence := range 9 {
		message := reading("JNU_1_rasp", sequence)
		message.Partition = int32(sequence % 3)
		_, _, err := producer.SendMessage(message)
		require.NoError(t, err)
	}
	require.NoError(t, e.Cluster().DeleteRecords("JNU_1_rasp", 1, 2))

	records, err := Records(within(t, time.Minute), e.Addresses(), "JNU_1_rasp")

	require.NoError(t, err)
	var sequences []string
	for _, record := range records {
		sequences = append(sequences, record.Headers["station-seq"])
	}
	require.Equal(t, []string{"0", "3", "6", "7", "2", "5", "8"}, sequences)
}

func TestRecordsBehindATransactionsMarkerEnd(t *testing.T) {
	t.Parallel()
	e := startEmbedded(t, EmbeddedOptions{})
	createTopic(t, e.Addresses(), "JNU_1_rasp", 1, 1)
	client, err := kgo.NewClient(kgo.SeedBrokers(e.Addresses()...), kgo.TransactionalID("test"))
	require.NoError(t, err)
	defer client.Close()
	ctx := within(t, time.Minute)
	require.NoError(t, client.BeginTransaction())
	require.NoError(t, client.ProduceSync(ctx, &kgo.Record{Topic: "JNU_1_rasp", Value: []byte("{}")}).FirstErr())
	require.NoError(t, client.EndTransaction(ctx, kgo.TryCommit))

	records, err := Records(ctx, e.Addresses(), "JNU_1_rasp")
	require.NoError(t, err)
	require.Len(t, records, 1)
	require.Nil(t, records[0].Key)
	require.NotNil(t, records[0].Headers)
}

func TestRecordsFromNobodyEndWithTheContext(t *testing.T) {
	t.Parallel()
	_, err := Records(within(t, 200*time.Millisecond), []string{reservePort(t).Address()}, "JNU_1_rasp")
	require.ErrorContains(t, err, `cannot read topic "JNU_1_rasp"`)
}

func TestRecordsRefusesABadAddress(t *testing.T) {
	t.Parallel()
	_, err := Records(t.Context(), []string{"127.0.0.1:kafka"}, "JNU_1_rasp")
	require.ErrorContains(t, err, `cannot read topic "JNU_1_rasp"`)
}

func TestFollowSeesOldRecordsNewRecordsAndNewTopics(t *testing.T) {
	t.Parallel()
	port := reservePort(t)
	options := EmbeddedOptions{Ports: []int{port.Number()}, Dir: t.TempDir()}
	e := startEmbedded(t, options)
	createTopic(t, e.Addresses(), "JNU_1_rasp", 1, 1)
	createTopic(t, e.Addresses(), "other", 1, 1)
	producer := startProducer(t, e.Addresses())
	send(t, producer, "other", 0, 1)
	send(t, producer, "JNU_1_rasp", 0, 1)
	seen := make(chan Record)
	ctx, cancel := context.WithCancel(within(t, time.Minute))
	done := make(chan error)
	go func() { done <- Follow(ctx, e.Addresses(), "^JNU_", func(r Record) { seen <- r }) }()

	requireNext(t, seen, "JNU_1_rasp", "0")
	send(t, producer, "JNU_1_rasp", 1, 2)
	requireNext(t, seen, "JNU_1_rasp", "1")
	createTopic(t, e.Addresses(), "JNU_2_rasp", 1, 1)
	send(t, producer, "JNU_2_rasp", 2, 3)
	requireNext(t, seen, "JNU_2_rasp", "2")
	e.Close()
	startEmbedded(t, options)
	send(t, producer, "JNU_2_rasp", 3, 4)
	requireNext(t, seen, "JNU_2_rasp", "3")

	cancel()
	require.NoError(t, <-done)
}

func requireNext(t *testing.T, seen <-chan Record, topic, sequence string) {
	t.Helper()
	select {
	case record := <-seen:
		require.Equal(t, topic, record.Topic)
		require.Equal(t, sequence, record.Headers["station-seq"])
	case <-time.After(20 * time.Second):
		require.Fail(t, "no record", "topic %s, sequence %s", topic, sequence)
	}
}

func TestFollowRefusesABadPattern(t *testing.T) {
	t.Parallel()
	err := Follow(t.Context(), []string{"127.0.0.1:1"}, "JNU_(", func(Record) {})
	require.ErrorContains(t, err, `cannot follow topics "JNU_("`)
}
