package doctor

import (
	"errors"
	"time"

	"github.com/IBM/sarama"

	"github.com/telegraf-station/telegraf-station/internal/installed"
)

// delivery checks the age of the newest record. A station sends at least a status 2 record every silence_timeout.
func (t *siteTopic) delivery(reached []string, metadata *sarama.TopicMetadata) result {
	if !errors.Is(metadata.Err, sarama.ErrNoError) {
		return unchecked("the topic does not exist, or this user cannot describe it")
	}
	newest, err := t.newestTime(reached, metadata.Partitions)
	switch {
	case errors.Is(err, sarama.ErrUnsupportedVersion):
		return unchecked("this Kafka does not report the time of the newest record (Kafka 3.0 or later does)")
	case err != nil:
		return failed("", "%v", err)
	case newest.IsZero():
		return failed(installed.Restart, "%s has no records", t.name)
	}
	age := time.Since(newest).Round(time.Second)
	if age > t.maxAge() {
		return failed(installed.Restart, "the newest record of %s is %s old (%s)", t.name, age, newest.UTC().Format(time.RFC3339))
	}
	return ok("the newest record of %s is %s old", t.name, max(age, 0))
}

// maxAge returns how old the newest record of a running station can be.
func (t *siteTopic) maxAge() time.Duration {
	return max(time.Minute, 2*time.Duration(t.board.SilenceTimeout)+30*time.Second)
}

// newestTime requests the record with the highest time of all partitions. This needs only DESCRIBE; a station has no READ.
func (t *siteTopic) newestTime(reached []string, partitions []*sarama.PartitionMetadata) (newest time.Time, err error) {
	client, err := t.client(reached, t.name)
	if err != nil {
		return newest, err
	}
	defer client.Close() //nolint:errcheck // it was only queried
	for _, partition := range partitions {
		leader, err := client.Leader(t.name, partition.ID)
		if err != nil {
			return newest, err
		}
		at, err := highestTime(leader, t.name, partition.ID)
		if err != nil {
			return newest, err
		}
		if at.After(newest) {
			newest = at
		}
	}
	return newest, nil
}

const (
	// maxTimestamp requests the record with the highest time (KIP-734, Kafka 3.0).
	maxTimestamp        = -3
	maxTimestampVersion = 7
)

func highestTime(leader *sarama.Broker, topic string, partition int32) (time.Time, error) {
	request := &sarama.OffsetRequest{Version: maxTimestampVersion}
	request.AddBlock(topic, partition, maxTimestamp, 1)
	response, err := leader.GetAvailableOffsets(request)
	if err != nil {
		return time.Time{}, err
	}
	block := response.GetBlock(topic, partition)
	switch {
	case block == nil:
		return time.Time{}, sarama.ErrIncompleteResponse
	case !errors.Is(block.Err, sarama.ErrNoError):
		return time.Time{}, block.Err
	case block.Offset < 0:
		return time.Time{}, nil // there is no record
	}
	return time.UnixMilli(block.Timestamp), nil
}
