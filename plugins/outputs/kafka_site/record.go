package kafka_site

import (
	"strconv"
	"strings"
	"time"

	"github.com/IBM/sarama"
	"github.com/influxdata/telegraf"

	"github.com/telegraf-station/telegraf-station/internal/schema"
	"github.com/telegraf-station/telegraf-station/plugins/serializers/station"
)

// The headers of a record. Together they number the records of a device without a gap,
// so that loss, repeats and disorder can be proved.
const (
	// HeaderEpoch names the run of the agent that numbered the record; epochs sort by time.
	HeaderEpoch = "station-epoch"
	// HeaderSeq counts the records of a device in an epoch, from 1.
	HeaderSeq = "station-seq"
)

// device is whose records are numbered and stay in order.
type device struct{ topic, id string }

// identity tells the metric that Telegraf hands over again from another one: by its time and its record.
// Equal ones are numbered by repeat.
type identity struct {
	device device
	time   int64
	value  string
	repeat int
}

// record is a metric on its way to Kafka.
type record struct {
	identity identity
	time     time.Time
	// unfit is why there can be no record of the metric.
	unfit error
	// seq is the value of HeaderSeq.
	seq int64
	// settled says that Kafka has acknowledged the record, or that it was given up.
	settled bool
}

// message is the record in the producer's form. Kafka's own timestamp is the time of sending: with the reading's, Kafka would refuse
// a Pi's readings for good while its clock is more than an hour ahead, and drop a long backlog by the topic's retention.
func (r *record) message(epoch string) *sarama.ProducerMessage {
	return &sarama.ProducerMessage{
		Topic: r.identity.device.topic,
		Key:   sarama.StringEncoder(r.identity.device.id),
		Value: sarama.StringEncoder(r.identity.value),
		Headers: []sarama.RecordHeader{
			{Key: []byte(HeaderEpoch), Value: []byte(epoch)},
			{Key: []byte(HeaderSeq), Value: strconv.AppendInt(nil, r.seq, 10)},
		},
		Metadata: r,
	}
}

// recordMaker turns metrics into records.
type recordMaker struct {
	topic      topicTemplate
	serializer *station.Serializer
}

func newRecordMaker(topic, schemaOption, unknownFields string, log telegraf.Logger) (*recordMaker, error) {
	template, err := newTopicTemplate(topic)
	if err != nil {
		return nil, err
	}
	serializer := &station.Serializer{Schema: schemaOption, UnknownFields: unknownFields, Log: log}
	return &recordMaker{template, serializer}, serializer.Init()
}

// records returns a record for each metric, in their order.
func (m *recordMaker) records(metrics []telegraf.Metric) []*record {
	all := make([]*record, 0, len(metrics))
	repeats := make(map[identity]int, len(metrics))
	for _, metric := range metrics {
		made := m.record(metric)
		repeats[made.identity]++
		made.identity.repeat = repeats[made.identity]
		all = append(all, made)
	}
	return all
}

func (m *recordMaker) record(metric telegraf.Metric) *record {
	made := &record{time: metric.Time()}
	made.identity.time = metric.Time().UnixNano()
	made.identity.device.id, _ = metric.GetTag(schema.DeviceID)
	if made.identity.device.topic, made.unfit = m.topic.name(metric); made.unfit != nil {
		return made
	}
	line, err := m.serializer.Serialize(metric)
	made.identity.value, made.unfit = strings.TrimSuffix(string(line), "\n"), err
	return made
}
