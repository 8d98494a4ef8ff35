package kafka_site

import (
	"strconv"
	"time"

	"github.com/IBM/sarama"

	"github.com/telegraf-station/telegraf-station/internal/outbox"
	"github.com/telegraf-station/telegraf-station/internal/record"
)

// defaultRequestTimeout is how long a broker can take for an answer; it gets a little less for its replicas. A frozen broker costs it once for a record
// and once for the metadata requested next. A batch that is too large for a slow link costs it too, and is then split.
const defaultRequestTimeout = 6 * time.Second

// newProduceRequest returns a request with batches. The producer of the client library would split them in its own way, so that a later piece
// could arrive although an earlier one failed.
func newProduceRequest(config *sarama.Config, batches []*batch, now time.Time) *sarama.ProduceRequest {
	request := &sarama.ProduceRequest{
		RequiredAcks: sarama.WaitForAll,
		Timeout:      int32((config.Net.ReadTimeout * 2 / 3).Milliseconds()), //nolint:gosec // seconds
		Version:      requestVersion(config.Version),
	}
	for _, b := range batches {
		request.AddBatch(b.topic.name, b.partition, newRecordBatch(config, b, now))
	}
	return request
}

// requestVersion returns the newest version that the library supports for a Kafka version, as its own producer selects it.
func requestVersion(kafka sarama.KafkaVersion) int16 {
	for _, each := range []struct {
		kafka   sarama.KafkaVersion
		request int16
	}{
		{sarama.V3_7_0_0, 10}, {sarama.V2_8_0_0, 9}, {sarama.V2_4_0_0, 8}, {sarama.V2_1_0_0, 7}, {sarama.V2_0_0_0, 6}, {sarama.V1_0_0_0, 5},
	} {
		if kafka.IsAtLeast(each.kafka) {
			return each.request
		}
	}
	return 3
}

// newRecordBatch gives all records the time of sending: with the time of the reading, the retention of the topic would delete a long backlog.
// The zero time means no timestamp, so that the clock of the broker counts.
func newRecordBatch(config *sarama.Config, b *batch, now time.Time) *sarama.RecordBatch {
	if b.topic.withoutTimestamps || !plausible(now) {
		now = time.Time{}
	}
	all := &sarama.RecordBatch{
		Version: 2, Codec: config.Producer.Compression, CompressionLevel: config.Producer.CompressionLevel,
		ProducerID: b.producerID.id, ProducerEpoch: b.producerID.epoch, FirstSequence: b.sequence,
		FirstTimestamp: now, MaxTimestamp: now, LastOffsetDelta: int32(len(b.records) - 1), //nolint:gosec // at most maxBatchRecords
	}
	for i, r := range b.records {
		all.Records = append(all.Records, &sarama.Record{
			OffsetDelta: int64(i), Key: []byte(r.Device), Value: r.Value, Headers: headers(r, b.withoutSkips, b.health[i]),
		})
	}
	return all
}

// plausible reports whether a clock has been set: a Pi has no clock that runs without power, and starts in 1970 or at the time of its last shutdown.
func plausible(now time.Time) bool { return now.Year() >= 2020 }

func headers(r *outbox.Record, withoutSkips bool, health string) []*sarama.RecordHeader {
	all := []*sarama.RecordHeader{
		{Key: []byte(record.HeaderEpoch), Value: []byte(record.FormatEpoch(r.Epoch))},
		{Key: []byte(record.HeaderSeq), Value: strconv.AppendUint(nil, r.Seq, 10)},
	}
	if skipped := skipped(r).String(); skipped != "" && !withoutSkips {
		all = append(all, &sarama.RecordHeader{Key: []byte(record.HeaderSkipped), Value: []byte(skipped)})
	}
	if health != "" {
		all = append(all, &sarama.RecordHeader{Key: []byte(record.HeaderHealth), Value: []byte(health)})
	}
	return all
}

// skipped returns the numbers that the record reports as skipped.
func skipped(r *outbox.Record) (all record.Skipped) {
	for _, s := range r.Skipped {
		if s.Epoch == r.Epoch {
			all.Parked, all.Dropped = s.Parked, s.Dropped
		} else {
			all.Earlier = append(all.Earlier, record.SkippedEarlier{Epoch: record.FormatEpoch(s.Epoch), Parked: s.Parked, Dropped: s.Dropped})
		}
	}
	return all
}
