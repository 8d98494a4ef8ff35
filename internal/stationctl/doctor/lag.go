package doctor

import (
	"errors"

	"github.com/IBM/sarama"

	"github.com/telegraf-station/telegraf-station/internal/installed"
)

// maxLag is an hour of one site at one reading per second.
const maxLag = 3600

// lag counts the records that are in the topics, but not in InfluxDB.
func (s *sites) lag(reached []string, topics []*sarama.TopicMetadata) result {
	if len(topics) == 0 {
		return unchecked("there are no topics")
	}
	admin, err := sarama.NewClusterAdmin(reached, s.settings)
	if err != nil {
		return failed("", "%v", err)
	}
	defer admin.Close() //nolint:errcheck // it was only queried
	partitions, newest := make(map[string][]int32), make(map[string]map[int32]int64)
	for _, topic := range topics {
		newest[topic.Name] = make(map[int32]int64)
		for _, partition := range topic.Partitions {
			partitions[topic.Name] = append(partitions[topic.Name], partition.ID)
			newest[topic.Name][partition.ID] = sarama.OffsetNewest
		}
	}
	committed, err := admin.ListConsumerGroupOffsets(s.input.ConsumerGroup, partitions)
	if errors.Is(err, sarama.ErrGroupIDNotFound) { // nothing was consumed yet
		committed, err = &sarama.OffsetFetchResponse{}, nil
	}
	if err != nil {
		return failed("", "%v", err)
	}
	ends, err := admin.ListOffsets(newest, nil)
	if err != nil {
		return failed("", "%v", err)
	}
	lag, worst, worstLag := sumLag(committed, ends)
	if worstLag > maxLag {
		return warning(installed.Restart+"  # also on other central hosts, if the lag grows", "%d records are in Kafka, but not in InfluxDB; most of them in %s (%d)", lag, worst, worstLag)
	}
	return ok("%d records are in Kafka, but not in InfluxDB yet", lag)
}

// sumLag returns the lag of all partitions, and the topic of the partition with the largest lag.
func sumLag(committed *sarama.OffsetFetchResponse, ends map[string]map[int32]*sarama.OffsetResult) (lag int64, worst string, worstLag int64) {
	for topic, partitions := range ends {
		for partition, end := range partitions {
			if end == nil {
				continue
			}
			one := end.Offset
			if block := committed.GetBlock(topic, partition); block != nil {
				one = max(0, end.Offset-max(0, block.Offset))
			}
			lag += one
			if one > worstLag {
				worst, worstLag = topic, one
			}
		}
	}
	return lag, worst, worstLag
}
