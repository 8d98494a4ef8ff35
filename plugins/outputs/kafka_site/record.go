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

// entry is a metric on its way: the record that was made of it, or why there is none.
type entry struct {
	metric telegraf.Metric // nil where only the record is needed
	record *outbox.Record
	unfit  error
}

// size is about what the entry takes on disk.
func (e *entry) size() int {
	if e.record == nil {
		return recordOverhead
	}
	return recordOverhead + len(e.record.Value)
}

// recordMaker turns metrics into records.
type recordMaker struct {
	topic      record.TopicTemplate
	serializer *station.Serializer
	maxBytes   int
}

func newRecordMaker(topicOption, schemaOption, unknownFields string, maxBytes int, log telegraf.Logger) (*recordMaker, error) {
	template, err := record.NewTopicTemplate(topicOption)
	if err != nil {
		return nil, err
	}
	serializer := &station.Serializer{Schema: schemaOption, UnknownFields: unknownFields, Log: log}
	return &recordMaker{template, serializer, maxBytes}, serializer.Init()
}

// entries returns one for each metric, in their order.
func (m *recordMaker) entries(metrics []telegraf.Metric) []*entry {
	all := make([]*entry, 0, len(metrics))
	for _, metric := range metrics {
		all = append(all, m.entry(metric))
	}
	return all
}

func (m *recordMaker) entry(metric telegraf.Metric) *entry {
	e := &entry{metric: metric}
	e.record, e.unfit = m.record(metric)
	return e
}

func (m *recordMaker) record(metric telegraf.Metric) (*outbox.Record, error) {
	queue, err := m.topic.Name(metric)
	if err != nil {
		return nil, err
	}
	line, err := m.serializer.Serialize(metric)
	if err != nil {
		return nil, err
	}
	device, _ := metric.GetTag(schema.DeviceID)
	r := &outbox.Record{Topic: queue, Device: device, Time: metric.Time().UnixNano(), Value: bytes.TrimSuffix(line, []byte("\n"))}
	if size := len(r.Value) + len(r.Device) + recordOverhead; size > m.maxBytes {
		return r, fmt.Errorf("it has %d bytes, more than max_message_bytes allows (%d)", size, m.maxBytes)
	}
	return r, nil
}

// recordOverhead is what Kafka's format and the headers add to a record that is alone in its batch.
const recordOverhead = 200
