package site

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"github.com/IBM/sarama"
)

// addRecords counts the records, and finds when the last one came in.
func (c *Cluster) addRecords(topics []Topic) error {
	oldest, err := c.offsets(topics, sarama.OffsetOldest)
	if err != nil {
		return err
	}
	newest, err := c.offsets(topics, sarama.OffsetNewest)
	if err != nil {
		return err
	}
	last := make(lastRecords)
	for i := range topics {
		if err := topics[i].count(oldest, newest, last); err != nil {
			topics[i].Trouble = explain(err).Error() // which hides no other topic
		}
	}
	c.addNewest(topics, last)
	return nil
}

type offsets map[string]map[int32]*sarama.OffsetResult

func (t *Topic) count(oldest, newest offsets, last lastRecords) error {
	for partition := range int32(t.Partitions) { //nolint:gosec // Kafka's own number
		from, to := oldest[t.Name][partition], newest[t.Name][partition]
		if err := cmp.Or(failure(from), failure(to)); err != nil {
			return err
		}
		t.Records += to.Offset - from.Offset
		if to.Offset > from.Offset {
			last[position{t.Name, partition}] = to.Offset - 1
		}
	}
	return nil
}

// failure is why there is no offset: the library gives an error even where there is none.
func failure(result *sarama.OffsetResult) error {
	switch {
	case result == nil:
		return errors.New("its offsets are not known to Kafka")
	case errors.Is(result.Err, sarama.ErrNoError):
		return nil
	}
	return result.Err
}

func (c *Cluster) offsets(topics []Topic, at int64) (offsets, error) {
	wanted := make(map[string]map[int32]int64)
	for _, t := range topics {
		wanted[t.Name] = make(map[int32]int64)
		for partition := range int32(t.Partitions) { //nolint:gosec // Kafka's own number
			wanted[t.Name][partition] = at
		}
	}
	found, err := c.admin.ListOffsets(wanted, nil)
	return found, explain(err)
}

type position struct {
	topic     string
	partition int32
}

// lastRecords are the offsets of the last records.
type lastRecords map[position]int64

// The bounds of a fetch of last records. A batch that is larger is not shown with its time.
const (
	fetchPositions = 200
	fetchBytes     = 1 << 20
	fetchWait      = 100 // ms
)

// addNewest fetches the last batch of many partitions at once; the library cannot ask for the highest timestamp.
func (c *Cluster) addNewest(topics []Topic, last lastRecords) {
	requests := make(map[*sarama.Broker][]position)
	for p := range last {
		if leader, err := c.client.Leader(p.topic, p.partition); err == nil { // else it stays unknown
			requests[leader] = append(requests[leader], p)
		}
	}
	times := make(map[string]time.Time)
	for leader, positions := range requests {
		for some := range slices.Chunk(positions, fetchPositions) {
			fetchTimes(leader, some, last, times)
		}
	}
	for i := range topics {
		if at, found := times[topics[i].Name]; found {
			topics[i].Newest = &at
		}
	}
}

// fetchTimes leaves those unknown that the broker does not give. It uses version 4 of the request: the oldest that Kafka 4 knows, and the last without sessions that brokers would keep.
func fetchTimes(leader *sarama.Broker, positions []position, last lastRecords, times map[string]time.Time) {
	request := &sarama.FetchRequest{Version: 4, MaxWaitTime: fetchWait, MinBytes: 1, MaxBytes: fetchPositions * fetchBytes / 4}
	for _, p := range positions {
		request.AddBlock(p.topic, p.partition, last[p], fetchBytes, -1)
	}
	answer, err := leader.Fetch(request)
	if err != nil {
		return
	}
	for _, p := range positions {
		block := answer.GetBlock(p.topic, p.partition)
		if block == nil {
			continue
		}
		for _, records := range block.RecordsSet {
			if records.RecordBatch != nil && records.RecordBatch.MaxTimestamp.After(times[p.topic]) {
				times[p.topic] = records.RecordBatch.MaxTimestamp
			}
		}
	}
}
