//go:build real

package audit

import (
	"context"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/stretchr/testify/require"

	stationkafka "github.com/telegraf-station/telegraf-station/internal/kafka"
	"github.com/telegraf-station/telegraf-station/test/bed/kafka"
)

// The same as on the embedded Kafka, with what a real broker answers: markers, retention, an empty topic.
func TestRealKafkaIsAudited(t *testing.T) {
	t.Parallel()
	brokers, err := kafka.StartReal(t.Context(), kafka.Options{Brokers: 1, Dir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, brokers.Close()) })
	admin, err := sarama.NewClusterAdmin(brokers.Addresses(), stationkafka.NewToolConfig())
	require.NoError(t, err)
	defer func() { require.NoError(t, admin.Close()) }()
	for _, topic := range []string{"GIST_1_rasp", "JNU_1_rasp"} {
		require.NoError(t, admin.CreateTopic(topic, &sarama.TopicDetail{NumPartitions: 1, ReplicationFactor: 1}, false))
	}
	config := stationkafka.NewToolConfig()
	config.Producer.Return.Successes, config.Producer.Idempotent, config.Producer.RequiredAcks = true, true, sarama.WaitForAll
	config.Net.MaxOpenRequests, config.Producer.Transaction.ID, config.Metadata.Retry.Max = 1, "mirror", 20
	producer, err := sarama.NewSyncProducer(brokers.Addresses(), config)
	require.NoError(t, err)
	for _, record := range numbers(firstEpoch, 1, 2, 3, 5) {
		require.NoError(t, producer.BeginTxn())
		_, _, err = producer.SendMessage(record.message("JNU_1_rasp"))
		require.NoError(t, err)
		require.NoError(t, producer.CommitTxn())
	}
	require.NoError(t, producer.Close())

	audit := func() *Report {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		report, err := Run(ctx, Options{Brokers: brokers.Addresses()})
		require.NoError(t, err)
		require.Len(t, report.Topics, 2)
		require.Empty(t, report.Topics[0].Devices)
		return report
	}
	report := audit()
	require.EqualValues(t, 4, report.Records())
	require.EqualValues(t, 1, report.Lost())
	require.NoError(t, admin.DeleteRecords("JNU_1_rasp", map[int32]int64{0: 3}))
	report = audit()
	require.EqualValues(t, 2, report.Records())
	require.EqualValues(t, 1, report.Lost())
}
