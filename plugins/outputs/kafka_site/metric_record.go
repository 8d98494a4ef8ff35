package kafka_site

import (
	"bytes"
	"fmt"

	"github.com/influxdata/telegraf"

	"github.com/telegraf-station/telegraf-station/internal/outbox"
	"github.com/telegraf-station/telegraf-station/internal/record"
	"github.com/telegraf-station/telegraf-station/internal/schema"
	"github.com/telegraf-station/telegraf-station/plugins/serializers/station"
)

// entry is a metric with its record, or with the reason why there is none.
type entry struct {
	metric telegraf.Metric // nil if only the record is needed
	record *outbox.Record
	unfit  error // the metric can never be written
}

// size returns about how many bytes the entry takes on disk.
func (e *entry) size() int {
	if e.record == nil {
		return recordOverhead
	}
	return recordOverhead + len(e.record.Value)
}

// recordBuilder builds records from metrics.
type recordBuilder struct {
	topic      record.TopicTemplate
	serializer *station.Serializer
	maxBytes   int
}

func newRecordBuilder(topicOption, schemaOption, unknownFields string, maxBytes int, log telegraf.Logger) (*recordBuilder, error) {
	template, err := record.NewTopicTemplate(topicOption)
	if err != nil {
		return nil, err
	}
	serializer := &station.Serializer{Schema: schemaOption, UnknownFields: unknownFields, Log: log}
	return &recordBuilder{template, serializer, maxBytes}, serializer.Init()
}

func (m *recordBuilder) entry(metric telegraf.Metric) *entry {
	e := &entry{metric: metric}
	e.record, e.unfit = m.record(metric)
	return e
}

// record returns the record together with an error if it is too large.
func (m *recordBuilder) record(metric telegraf.Metric) (*outbox.Record, error) {
	topic, err := m.topic.Name(metric)
	if err != nil {
		return nil, err
	}
	line, err := m.serializer.Serialize(metric)
	if err != nil {
		return nil, err
	}
	device, _ := metric.GetTag(schema.DeviceID)
	r := &outbox.Record{Topic: topic, Device: device, Time: metric.Time().UnixNano(), Value: bytes.TrimSuffix(line, []byte("\n"))}
	if size := len(r.Value) + len(r.Device) + recordOverhead; size > m.maxBytes {
		return r, fmt.Errorf("%d bytes are more than max_message_bytes (%d)", size, m.maxBytes)
	}
	return r, nil
}

// recordOverhead is how many bytes the Kafka format and the headers add to a record that is alone in its batch.
const recordOverhead = 200
