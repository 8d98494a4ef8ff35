package kafka_sites

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/IBM/sarama"
	"github.com/influxdata/telegraf"
)

// metricsOf parses a record and gives its metrics what the options add. With an error there are none.
func (k *KafkaSites) metricsOf(message *sarama.ConsumerMessage) ([]telegraf.Metric, error) {
	if k.MaxMessageLen > 0 && len(message.Value) > k.MaxMessageLen {
		return nil, fmt.Errorf("message exceeds max_message_len (actual %d, max %d)", len(message.Value), k.MaxMessageLen)
	}
	metrics, err := k.parser.Parse(message.Value)
	if err != nil {
		return nil, err
	}
	for _, m := range metrics {
		k.addHeaders(m, message.Headers)
		k.addPlace(m, message)
		k.setTime(m, message)
	}
	return metrics, nil
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

// addPlace says where in Kafka the record is.
func (k *KafkaSites) addPlace(m telegraf.Metric, message *sarama.ConsumerMessage) {
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
