//go:build real

package kafka_sites

import (
	"os"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/test/bed/kafka"
)

// Newest records of topics with Kafka's time and with the station's, compressed, empty, and emptied by retention.
func TestNewestRecordsOfRealKafka(t *testing.T) {
	cluster, err := kafka.StartReal(t.Context(), kafka.Options{Dir: t.TempDir(), Log: os.Stderr})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, cluster.Close()) })
	config := sarama.NewConfig()
	config.Version = sarama.V2_8_0_0
	config.Producer.Return.Successes, config.Producer.RequiredAcks = true, sarama.WaitForAll
	config.Producer.Compression = sarama.CompressionZSTD
	admin, err := sarama.NewClusterAdmin(cluster.Addresses(), config)
	require.NoError(t, err)
	for topic, timestamp := range map[string]string{"OWN_1_rasp": "LogAppendTime", "SENT_1_rasp": "CreateTime", "EMPTY_1_rasp": "LogAppendTime", "GONE_1_rasp": "LogAppendTime"} {
		detail := &sarama.TopicDetail{NumPartitions: 1, ReplicationFactor: 3, ConfigEntries: map[string]*string{"message.timestamp.type": &timestamp}}
		require.NoError(t, admin.CreateTopic(topic, detail, false))
	}
	producer, err := sarama.NewSyncProducer(cluster.Addresses(), config)
	require.NoError(t, err)
	sent := time.Now()
	for _, topic := range []string{"OWN_1_rasp", "SENT_1_rasp", "GONE_1_rasp"} {
		for range 3 {
			_, _, err := producer.SendMessage(&sarama.ProducerMessage{
				Topic: topic, Key: sarama.StringEncoder("pi"), Timestamp: sent.Add(-1000 * time.Second),
				Value: sarama.StringEncoder(`{"device_id":"pi","status":0,"time":"2026-11-24T12:00:00Z","light":0}`),
			})
			require.NoError(t, err)
		}
	}
	require.NoError(t, producer.Close())
	require.NoError(t, admin.DeleteRecords("GONE_1_rasp", map[int32]int64{0: 3}))
	require.NoError(t, admin.Close())

	requireAges := func(c *central, group, stations int64) {
		t.Helper()
		c.eventually(t, "EMPTY_1_rasp", fields(0, 0, 0, 0, 0))
		own := c.eventually(t, "OWN_1_rasp", fields(3, group, stations, 0, 0))
		require.InDelta(t, time.Since(sent).Seconds(), own, 30)
		require.InDelta(t, time.Since(sent).Seconds()+1000, c.eventually(t, "SENT_1_rasp", fields(3, group, stations, 0, 0)), 30)
		require.Eventually(t, func() bool {
			gone := c.gather(t)["GONE_1_rasp"]
			return gone != nil && gone.Fields()["lag"] == int64(0) && !gone.HasField("newest_age")
		}, time.Minute, 20*time.Millisecond)
	}
	first := newCentralOf(t, cluster.Addresses(), func(k *KafkaSites) { k.MaxUndeliveredMessages = 1 })
	record := first.next(t, 1)
	require.Eventually(t, func() bool { // while it lags
		own := first.gather(t)["OWN_1_rasp"]
		return own != nil && own.HasField("newest_age")
	}, time.Minute, 20*time.Millisecond)
	accept(record...)
	for range 5 {
		accept(first.next(t, 1)...)
	}
	requireAges(first, 3, 1)
	first.stop()
	requireAges(newCentralOf(t, cluster.Addresses(), nil), 3, 0) // nothing is read after a restart
}
