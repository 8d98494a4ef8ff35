//go:build real

package kafka

import (
	"context"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
)

func TestRealClusterLosesABrokerAndNoRecord(t *testing.T) {
	dir := t.TempDir()
	var told strings.Builder
	begin := time.Now()
	r, err := StartReal(within(t, 5*time.Minute), Options{Dir: dir, Log: &told})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	t.Logf("ready in %s; it said:\n%s", time.Since(begin).Round(10*time.Millisecond), told.String())
	pids := r.PIDs()
	require.Len(t, pids, 3)
	require.Len(t, r.Addresses(), 3)
	requireReplicated(t, r, dir)

	createTopic(t, r.Addresses(), "JNU_1_rasp", 1, 3)
	producer := startProducer(t, r.Addresses())
	followed := follow(t, r)
	send(t, producer, "JNU_1_rasp", 0, 10)
	outage(t, r, func() { send(t, producer, "JNU_1_rasp", 10, 20) })
	send(t, producer, "JNU_1_rasp", 20, 21)
	for sequence := range 21 {
		requireNext(t, followed, "JNU_1_rasp", strconv.Itoa(sequence))
	}
	requireTooFewReplicas(t, r)

	require.NoError(t, r.Close())
	require.NoError(t, r.Close(), "a second time")
	require.Empty(t, r.PIDs())
	for _, pid := range pids {
		require.ErrorIs(t, syscall.Kill(pid, 0), syscall.ESRCH, "broker %d is still there", pid)
	}
}

// follow continues through the outages.
func follow(t *testing.T, r *Real) <-chan Record {
	t.Helper()
	seen := make(chan Record, 100)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- Follow(ctx, r.Addresses(), "^JNU_", func(record Record) { seen <- record }) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
	return seen
}

func requireReplicated(t *testing.T, r *Real, dir string) {
	t.Helper()
	config := saramaConfig()
	config.Metadata.AllowAutoTopicCreation = true
	admin, err := sarama.NewClusterAdmin(r.Addresses(), config)
	require.NoError(t, err)
	defer func() { require.NoError(t, admin.Close()) }()
	require.NoError(t, admin.CreateTopic("defaults", &sarama.TopicDetail{NumPartitions: -1, ReplicationFactor: -1}, false))
	require.Eventually(t, func() bool { // the controller knows it before the brokers do
		topics, err := admin.DescribeTopics([]string{"defaults"})
		return err == nil && len(topics[0].Partitions) == 1 && len(topics[0].Partitions[0].Replicas) == 3
	}, 20*time.Second, 10*time.Millisecond, "no topic with three replicas")
	topics, err := admin.DescribeTopics([]string{"typo"})
	require.NoError(t, err)
	require.Equal(t, sarama.ErrUnknownTopicOrPartition, topics[0].Err, "the topic was created automatically")
	_, err = Records(within(t, time.Minute), r.Addresses(), "typo")
	require.ErrorIs(t, err, kerr.UnknownTopicOrPartition)
	for _, broker := range []string{"broker-0", "broker-1", "broker-2"} {
		log, err := fs.ReadFile(os.DirFS(dir), broker+"/broker.log")
		require.NoError(t, err)
		require.Contains(t, string(log), "Kafka Server started")
	}
}

// outage stops broker 0, kills broker 1 in turn, and brings each back.
func outage(t *testing.T, r *Real, sendMore func()) {
	t.Helper()
	begin := time.Now()
	require.NoError(t, r.StopBroker(0))
	require.Len(t, r.PIDs(), 2)
	t.Logf("broker 0 stopped in %s", time.Since(begin).Round(10*time.Millisecond))
	require.ErrorContains(t, r.StopBroker(0), "broker 0 is not running")
	sendMore()
	requireRecords(t, r, 20)
	begin = time.Now()
	require.NoError(t, r.StartBroker(within(t, time.Minute), 0))
	t.Logf("broker 0 back in %s", time.Since(begin).Round(10*time.Millisecond))
	require.ErrorContains(t, r.StartBroker(t.Context(), 0), "broker 0 is already running")

	require.NoError(t, r.Kill(1))
	require.NoError(t, r.Kill(1), "a second time")
	begin = time.Now()
	requireRecords(t, r, 20)
	t.Logf("all records read %s after broker 1 was killed", time.Since(begin).Round(10*time.Millisecond))
	begin = time.Now()
	require.NoError(t, r.StartBroker(within(t, time.Minute), 1))
	t.Logf("broker 1 back in %s", time.Since(begin).Round(10*time.Millisecond))
	require.ErrorContains(t, r.Kill(3), "no broker 3")
}

func requireRecords(t *testing.T, r *Real, count int) {
	t.Helper()
	records, err := Records(within(t, time.Minute), r.Addresses(), "JNU_1_rasp")
	require.NoError(t, err)
	requireSequence(t, records, count)
}

// requireTooFewReplicas leaves one broker: min.insync.replicas must refuse records then.
func requireTooFewReplicas(t *testing.T, r *Real) {
	t.Helper()
	config := saramaConfig()
	config.Producer.Retry.Max = 0
	config.Producer.Timeout = time.Second
	config.Producer.Idempotent = false
	producer, err := sarama.NewSyncProducer(r.Addresses(), config)
	require.NoError(t, err)
	defer func() { require.NoError(t, producer.Close()) }()
	_, _, err = producer.SendMessage(reading("JNU_1_rasp", 21))
	require.NoError(t, err)
	require.NoError(t, r.Kill(1))
	require.NoError(t, r.Kill(2))
	_, _, err = producer.SendMessage(reading("JNU_1_rasp", 22))
	require.Error(t, err, "one broker of three acknowledged a record")
}
