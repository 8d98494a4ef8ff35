package audit

import (
	"context"
	"io"
	"net"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	stationkafka "github.com/telegraf-station/telegraf-station/internal/kafka"
)

// A marker at the end of a topic is not a record: the audit must not wait for it.
func TestATopicThatEndsWithAMarkerIsRead(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.write("JNU_1_rasp", numbers(firstEpoch, 1, 2)...)
	config := stationkafka.NewToolConfig()
	config.Producer.Return.Successes, config.Producer.Idempotent, config.Producer.RequiredAcks = true, true, sarama.WaitForAll
	config.Net.MaxOpenRequests, config.Producer.Transaction.ID = 1, "mirror"
	producer, err := sarama.NewSyncProducer(s.cluster.Addresses(), config)
	require.NoError(t, err)
	for _, record := range numbers(firstEpoch, 3, 4) {
		require.NoError(t, producer.BeginTxn())
		_, _, err = producer.SendMessage(record.message("JNU_1_rasp"))
		require.NoError(t, err)
		require.NoError(t, producer.CommitTxn())
	}
	require.NoError(t, producer.Close())
	d := s.device("JNU_1_rasp")
	require.EqualValues(t, 4, d.Records)
	require.Zero(t, d.Lost)
}

func TestRecordsThatAreDeletedWhileTheyAreReadAreAnError(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.write("JNU_1_rasp", numbers(firstEpoch, 1, 2)...)
	s.cluster.Cluster().ControlKey(int16(kmsg.Fetch), func(request kmsg.Request) (kmsg.Response, error, bool) {
		s.cluster.Cluster().KeepControl()
		fetch := request.(*kmsg.FetchRequest)
		response := fetch.ResponseKind().(*kmsg.FetchResponse)
		for _, asked := range fetch.Topics {
			topic := kmsg.NewFetchResponseTopic()
			topic.Topic, topic.TopicID = asked.Topic, asked.TopicID
			for _, p := range asked.Partitions {
				partition := kmsg.NewFetchResponseTopicPartition()
				partition.Partition, partition.ErrorCode = p.Partition, kerr.OffsetOutOfRange.Code
				topic.Partitions = append(topic.Partitions, partition)
			}
			response.Topics = append(response.Topics, topic)
		}
		return response, nil, true
	})
	_, err := s.audit("JNU_1_rasp")
	require.ErrorContains(t, err, `topic "JNU_1_rasp", partition 0: records were deleted while they were read; repeat the command (OFFSET_OUT_OF_RANGE`)
}

// A device changes its partition when a topic is given more of them. What retention deleted in one is not lost, whichever is read first.
func TestRetentionInOnePartitionIsNoLoss(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	for name, old := range map[string]int32{"a_1_rasp": 0, "b_1_rasp": 1} {
		require.NoError(t, s.cluster.Cluster().CreateTopic(name, 2, nil))
		config := stationkafka.NewToolConfig()
		config.Producer.Return.Successes, config.Producer.Partitioner = true, sarama.NewManualPartitioner
		producer, err := sarama.NewSyncProducer(s.cluster.Addresses(), config)
		require.NoError(t, err)
		for i, record := range numbers(firstEpoch, 1, 2, 3, 4, 6) {
			message := record.message(name)
			if message.Partition = old; i > 2 {
				message.Partition = 1 - old
			}
			_, _, err = producer.SendMessage(message)
			require.NoError(t, err)
		}
		require.NoError(t, producer.Close())
		s.deleteRecords(name, old, 2)
		d := s.device(name)
		require.EqualValues(t, 3, d.Records)
		require.EqualValues(t, 1, d.Lost, "5, and not 1 and 2")
	}
}

func (s *stage) deleteRecords(topic string, partition int32, before int64) {
	s.t.Helper()
	admin, err := sarama.NewClusterAdmin(s.cluster.Addresses(), stationkafka.NewToolConfig())
	require.NoError(s.t, err)
	require.NoError(s.t, admin.DeleteRecords(topic, map[int32]int64{partition: before}))
	require.NoError(s.t, admin.Close())
}

// A peer that accepts connections and never responds, such as a frozen broker, is abandoned after the time limit.
func TestABrokerThatSaysNothingIsGivenUp(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	connected := make(chan struct{}, 100)
	served := make(chan struct{})
	go func() {
		defer close(served)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			connected <- struct{}{}
			_, _ = io.Copy(io.Discard, conn)
			_ = conn.Close()
		}
	}()
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		<-connected
		cancel(context.DeadlineExceeded)
	}()
	ended := make(chan error)
	go func() {
		_, err := Run(ctx, Options{Brokers: []string{listener.Addr().String()}, Topics: []string{"JNU_1_rasp"}})
		ended <- err
	}()
	select {
	case err := <-ended:
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "cannot connect to Kafka at "+listener.Addr().String())
	case <-time.After(25 * time.Second): // less than the client library's own limit of 30 s for one answer
		t.Fatal("it waits on")
	}
	require.NoError(t, listener.Close())
	<-served
}
