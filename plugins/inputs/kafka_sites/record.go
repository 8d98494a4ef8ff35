package kafka_sites

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"

	"github.com/IBM/sarama"
	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/metric"
	"github.com/influxdata/telegraf/models"

	"github.com/telegraf-station/telegraf-station/internal/record"
	"github.com/telegraf-station/telegraf-station/internal/schema"
	"github.com/telegraf-station/telegraf-station/plugins/parsers/station"
)

// metricsOf returns the metrics that a record consists of. With an error there are none.
func (k *KafkaSites) metricsOf(message *sarama.ConsumerMessage) ([]telegraf.Metric, error) {
	if k.MaxMessageLen > 0 && len(message.Value) > k.MaxMessageLen {
		return nil, fmt.Errorf("message exceeds max_message_len (actual %d, max %d)", len(message.Value), k.MaxMessageLen)
	}
	metrics, err := k.parser.Parse(k.readingOf(message))
	if err != nil {
		return nil, err
	}
	for _, m := range metrics {
		k.addHeaders(m, message.Headers)
		k.addSource(m, message)
		k.setTime(m, message)
	}
	return metrics, nil
}

// readingOf returns the first line of a record of a station, which has only one: otherwise one record could fill the buffers of the outputs.
func (k *KafkaSites) readingOf(message *sarama.ConsumerMessage) []byte {
	if !k.oneReading {
		return message.Value
	}
	first, rest, several := bytes.Cut(bytes.TrimSpace(message.Value), []byte("\n"))
	if several {
		more := bytes.Count(rest, []byte("\n")) + 1
		k.counters.unparsable.Incr(int64(more))
		k.once.Errorf("lines "+message.Topic, "Record of topic %s, partition %d, offset %d has %d lines; only the first one is read: "+
			"a station writes a record for each reading", message.Topic, message.Partition, message.Offset, more+1)
	}
	return first
}

// isStation reports whether a parser, which Telegraf may have wrapped, is that of our records.
func isStation(parser telegraf.Parser) bool {
	if running, wrapped := parser.(*models.RunningParser); wrapped {
		parser = running.Parser
	}
	_, ours := parser.(*station.Parser)
	return ours
}

func (k *KafkaSites) addHeaders(m telegraf.Metric, headers []*sarama.RecordHeader) {
	for _, header := range headers {
		switch key := string(header.Key); {
		case key == k.MsgHeaderAsMetricName && key != "":
			m.SetName(string(header.Value))
		case slices.Contains(k.MsgHeadersAsTags, key):
			m.AddTag(key, string(header.Value))
		}
	}
}

// addSource adds the tags that identify the record.
func (k *KafkaSites) addSource(m telegraf.Metric, message *sarama.ConsumerMessage) {
	if k.TopicTag != "" {
		m.AddTag(k.TopicTag, message.Topic)
	}
	if k.PartitionTag != "" {
		m.AddTag(k.PartitionTag, strconv.Itoa(int(message.Partition)))
	}
	if k.OffsetTag != "" {
		m.AddTag(k.OffsetTag, strconv.FormatInt(message.Offset, 10))
	}
}

func (k *KafkaSites) setTime(m telegraf.Metric, message *sarama.ConsumerMessage) {
	switch k.TimestampSource {
	case "inner":
		m.SetTime(message.Timestamp)
	case "outer":
		m.SetTime(message.BlockTimestamp)
	}
}

// agentMetric returns the metric for the header station-health, with the device and the time of the record's reading; nil if the record has
// no such header.
func agentMetric(message *sarama.ConsumerMessage, reading telegraf.Metric) (telegraf.Metric, error) {
	text, found := headerOf(message, record.HeaderHealth)
	if !found {
		return nil, nil
	}
	health, err := record.ParseHealth(text)
	if err != nil || len(health) == 0 {
		return nil, err
	}
	device, tagged := reading.GetTag(schema.DeviceID)
	if !tagged {
		device = string(message.Key)
	}
	fields := make(map[string]any, len(health))
	for name, value := range health {
		fields[name] = value
	}
	tags := map[string]string{"topic": message.Topic, schema.DeviceID: device}
	return metric.New("kafka_sites_agent", tags, fields, reading.Time()), nil
}

func headerOf(message *sarama.ConsumerMessage, key string) (value string, found bool) {
	for _, header := range message.Headers {
		if string(header.Key) == key {
			return string(header.Value), true
		}
	}
	return "", false
}
