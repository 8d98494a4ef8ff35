package kafka_site

import (
	"strconv"
	"time"

	"github.com/IBM/sarama"

	"github.com/telegraf-station/telegraf-station/internal/outbox"
	"github.com/telegraf-station/telegraf-station/internal/record"
)

// requestTimeout is how long a broker may take for an answer, and a little less than it has for its replicas. One that is frozen costs
// it for a record and again for the metadata that is then asked of it; a batch that is too large for a slow link costs it, too, and is
// then halved.
const requestTimeout = 6 * time.Second

// newRequest puts parts into one request, each as one batch: the producer of the client library would cut them as it likes, and a
// later piece could arrive although an earlier one failed.
func newRequest(config *sarama.Config, parts []*part, now time.Time) *sarama.ProduceRequest {
	request := &sarama.ProduceRequest{
		RequiredAcks: sarama.WaitForAll,
		Timeout:      int32((requestTimeout - 2*time.Second) / time.Millisecond),
		Version:      requestVersion(config.Version),
	}
	for _, p := range parts {
		request.AddBatch(p.queue.name, p.partition, newBatch(config, p, now))
	}
	return request
}

// requestVersion is the newest that the library knows for a Kafka version, as its own producer chooses it.
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

// newBatch gives all records the time of sending: with the reading's, Kafka would drop a long backlog by the topic's retention.
// The zero time is no time: then the broker's own clock counts.
func newBatch(config *sarama.Config, p *part, now time.Time) *sarama.RecordBatch {
	if p.queue.untimed || !plausible(now) {
		now = time.Time{}
	}
	batch := &sarama.RecordBatch{
		Version: 2, Codec: config.Producer.Compression, CompressionLevel: config.Producer.CompressionLevel,
		ProducerID: p.identity.id, ProducerEpoch: p.identity.epoch, FirstSequence: p.sequence,
		FirstTimestamp: now, MaxTimestamp: now, LastOffsetDelta: int32(len(p.records) - 1), //nolint:gosec // at most maxBatch
	}
	for i, r := range p.records {
		batch.Records = append(batch.Records, &sarama.Record{
			OffsetDelta: int64(i), Key: []byte(r.Device), Value: r.Value, Headers: headers(r, p.health[i]),
		})
	}
	return batch
}

// plausible tells whether a clock has been set: a Pi has none that runs without power, and starts in 1970 or when it was last off.
func plausible(now time.Time) bool { return now.Year() >= 2020 }

func headers(r *outbox.Record, health string) []*sarama.RecordHeader {
	all := []*sarama.RecordHeader{
		{Key: []byte(record.HeaderEpoch), Value: []byte(record.FormatEpoch(r.Epoch))},
		{Key: []byte(record.HeaderSeq), Value: strconv.AppendUint(nil, r.Seq, 10)},
	}
	if skipped := skipped(r).String(); skipped != "" {
		all = append(all, &sarama.RecordHeader{Key: []byte(record.HeaderSkipped), Value: []byte(skipped)})
	}
	if health != "" {
		all = append(all, &sarama.RecordHeader{Key: []byte(record.HeaderHealth), Value: []byte(health)})
	}
	return all
}

// skipped are the record's skips; those of an earlier epoch are left out.
func skipped(r *outbox.Record) record.Skipped {
	var parked, dropped []uint64
	for _, skip := range r.Skipped {
		switch {
		case skip.Epoch != r.Epoch:
		case skip.Parked:
			parked = append(parked, skip.Seq)
		default:
			dropped = append(dropped, skip.Seq)
		}
	}
	return record.Skipped{Parked: record.NewRangeSet(parked...), Dropped: record.NewRangeSet(dropped...)}
}
