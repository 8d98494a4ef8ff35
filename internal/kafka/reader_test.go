package kafka

import (
	"bytes"
	"context"
	"hash/crc32"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// The codecs of a batch, as its attributes have them.
const (
	gzipCodec = 1
	zstdCodec = 4
)

// produceRaw appends a batch of three records whose content is whatever the codec makes of it. Kafka does not look into it.
func produceRaw(t *testing.T, cluster *kfake.Cluster, client *kgo.Client, topic string, codec int16, content []byte) {
	t.Helper()
	batch := kmsg.RecordBatch{
		PartitionLeaderEpoch: -1, Magic: 2, Attributes: codec, LastOffsetDelta: 2, FirstTimestamp: time.Now().UnixMilli(), MaxTimestamp: time.Now().UnixMilli(),
		ProducerID: -1, ProducerEpoch: -1, FirstSequence: -1, NumRecords: 3, Records: content,
	}
	raw := batch.AppendTo(nil)
	batch.Length = int32(len(raw) - batchOverhead)
	raw = batch.AppendTo(nil)
	batch.CRC = int32(crc32.Checksum(raw[21:], crc32.MakeTable(crc32.Castagnoli)))
	request := kmsg.NewPtrProduceRequest()
	request.Version, request.Acks, request.TimeoutMillis = 9, -1, 10_000
	requested, partition := kmsg.NewProduceRequestTopic(), kmsg.NewProduceRequestTopicPartition()
	partition.Records = batch.AppendTo(nil)
	requested.Topic, requested.TopicID, requested.Partitions = topic, cluster.TopicInfo(topic).TopicID, append(requested.Partitions, partition)
	request.Topics = append(request.Topics, requested)
	answer, err := client.Request(t.Context(), request)
	require.NoError(t, err)
	response, _ := answer.(*kmsg.ProduceResponse)
	require.NoError(t, kerr.ErrorForCode(response.Topics[0].Partitions[0].ErrorCode))
}

func gzipped(t *testing.T, content []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := w.Write(content)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return out.Bytes()
}

// bomb is small and decompresses to more than a batch may.
func bomb(t *testing.T) []byte {
	t.Helper()
	encoder, err := zstd.NewWriter(nil)
	require.NoError(t, err)
	return encoder.EncodeAll(make([]byte, 4*maxBatchBytes), nil)
}

// Whatever one station appends, the batches around it are read, and so are all other topics.
func TestABatchThatCannotBeDecodedHidesNothingElse(t *testing.T) {
	t.Parallel()
	for name, poison := range map[string]struct {
		codec   int16
		content []byte
	}{
		"no gzip":              {gzipCodec, []byte("not gzip")},
		"bytes after gzip":     {gzipCodec, append(gzipped(t, []byte("x")), "more"...)},
		"no records in gzip":   {gzipCodec, gzipped(t, bytes.Repeat([]byte{0xFF}, 50))},
		"a bomb":               {zstdCodec, bomb(t)},
		"fewer than it says":   {0, nil},
		"records of no length": {0, make([]byte, 30)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "bad_1_x", "good_1_x"))
			require.NoError(t, err)
			t.Cleanup(cluster.Close)
			_, client, err := OpenAdmin(t.Context(), cluster.ListenAddrs(), NewToolConfig(), DefaultTimeouts())
			require.NoError(t, err)
			t.Cleanup(client.Close)
			produce := func(topic string) {
				producer, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...))
				require.NoError(t, err)
				defer producer.Close()
				require.NoError(t, producer.ProduceSync(t.Context(), &kgo.Record{Topic: topic, Value: []byte("1")}, &kgo.Record{Topic: topic, Value: []byte("2")}).FirstErr())
			}
			produce("bad_1_x")
			produceRaw(t, cluster, client, "bad_1_x", poison.codec, poison.content)
			produce("bad_1_x")
			produce("good_1_x")

			reader := NewReader(client)
			topics, err := reader.DescribeTopics(t.Context(), "bad_1_x", "good_1_x")
			require.NoError(t, err)
			partitions := reader.Partitions(t.Context(), topics)
			offsets, damaged := make(map[string][]int64), [][2]int64{}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			reader.Read(ctx, partitions, Visitor{
				Record:  func(p *Partition, r *kgo.Record) { offsets[p.Topic] = append(offsets[p.Topic], r.Offset) },
				Damaged: func(_ *Partition, from, to int64, _ error) { damaged = append(damaged, [2]int64{from, to}) },
			})
			for _, p := range partitions {
				require.NoError(t, p.Err)
				require.Equal(t, p.End, p.Next)
			}
			require.Equal(t, []int64{0, 1}, offsets["good_1_x"])
			require.Equal(t, []int64{0, 1, 5, 6}, offsets["bad_1_x"])
			require.Equal(t, [][2]int64{{2, 4}}, damaged)
		})
	}
}

// Large topics leave no room in the responses of their broker. The others wait for their turn.
func TestLargeTopicsDoNotStarveOthers(t *testing.T) {
	t.Parallel()
	names := []string{"a_1_x", "b_1_x", "small_1_x"}
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, names...))
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	producer, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.ProducerBatchCompression(kgo.NoCompression()))
	require.NoError(t, err)
	defer producer.Close()
	produce := func(topic string, value []byte) {
		require.NoError(t, producer.ProduceSync(t.Context(), &kgo.Record{Topic: topic, Value: value}).FirstErr())
	}
	large := make([]byte, 900_000)
	for range 3 * emptyFetches {
		produce("a_1_x", large)
		produce("b_1_x", large)
	}
	produce("small_1_x", []byte("1"))
	_, client, err := OpenAdmin(t.Context(), cluster.ListenAddrs(), NewToolConfig(), DefaultTimeouts())
	require.NoError(t, err)
	t.Cleanup(client.Close)
	reader := NewReader(client)
	topics, err := reader.DescribeTopics(t.Context(), names...)
	require.NoError(t, err)
	partitions := reader.Partitions(t.Context(), topics)
	reader.Read(t.Context(), partitions, Visitor{Record: func(*Partition, *kgo.Record) {}, Damaged: func(*Partition, int64, int64, error) {}})
	for _, p := range partitions {
		require.NoError(t, p.Err, p.Topic)
		require.Equal(t, p.End, p.Next)
	}
}
