package kafka_sites

import (
	"github.com/IBM/sarama"
	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/metric"

	"github.com/telegraf-station/telegraf-station/internal/record"
	"github.com/telegraf-station/telegraf-station/internal/schema"
)

// agentMetric is what a record tells of the station's agent, with the tags and the time of the record's reading; nil if it tells nothing.
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
