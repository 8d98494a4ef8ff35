// Package soak has random faults of every kind happen to a station together, for an hour, and judges the result by the numbers inside the
// readings. The judge shares no code with the product.
package soak

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Verdict is what the judge found in a topic.
type Verdict struct {
	// Records counts all, Readings the different numbers.
	Records, Readings int
	// Lost are numbers that were printed and are in no record, except those that may be.
	Lost []int
	// Allowed counts the missing numbers that may be lost.
	Allowed int
	// Conflicts are sequence numbers with different values.
	Conflicts []string
}

// Judge compares a topic with the numbers that were printed, from 1 to newest. A number may be lost if mayLose says so.
func Judge(ctx context.Context, brokers []string, topic string, newest int, mayLose func(number int) bool) (*Verdict, error) {
	v, found := &Verdict{}, make(map[int]bool)
	values := make(map[string]string) // by epoch and sequence number
	err := readAll(ctx, brokers, topic, func(r *kgo.Record) error {
		v.Records++
		number, err := numberOf(r.Value)
		if err != nil {
			return err
		}
		found[number] = true
		id := identity(r)
		if before, known := values[id]; known && before != string(r.Value) {
			v.Conflicts = append(v.Conflicts, id)
		}
		values[id] = string(r.Value)
		return nil
	})
	for number := 1; number <= newest; number++ {
		switch {
		case found[number]:
			v.Readings++
		case mayLose(number):
			v.Allowed++
		default:
			v.Lost = append(v.Lost, number)
		}
	}
	return v, err
}

// identity returns the headers that number a record.
func identity(r *kgo.Record) (id string) {
	for _, h := range r.Headers {
		if h.Key == "station-epoch" || h.Key == "station-seq" {
			id += string(h.Value) + " "
		}
	}
	return id
}

// Line returns what the board prints for a number: it is in two sensors, in their range.
func Line(number int) string {
	return fmt.Sprintf("{\"light\":%d,\"alcohol_gas\":%d}\n", number%1000, number/1000)
}

// MaxNumber is the highest number that fits.
const MaxNumber = 1_000_000

// numberOf returns 0 for a record of a silent board.
func numberOf(value []byte) (int, error) {
	var reading struct {
		Status int `json:"status"`
		Light  int `json:"light"`
		Gas    int `json:"alcohol_gas"`
	}
	if err := json.Unmarshal(value, &reading); err != nil {
		return 0, fmt.Errorf("%w: %q", err, value)
	}
	if reading.Status == 2 {
		return 0, nil
	}
	return reading.Gas*1000 + reading.Light, nil
}

// readAll reads a topic with one partition up to its present end.
func readAll(ctx context.Context, brokers []string, topic string, each func(*kgo.Record) error) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		return err
	}
	defer client.Close()
	for {
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		fetches := client.PollFetches(ctx)
		cancel()
		for _, r := range fetches.Records() {
			if err := each(r); err != nil {
				return err
			}
		}
		atEnd := false
		fetches.EachPartition(func(p kgo.FetchTopicPartition) {
			if n := len(p.Records); n > 0 && p.Records[n-1].Offset+1 >= p.HighWatermark {
				atEnd = true
			}
		})
		if atEnd {
			return nil
		}
		if err := fetches.Err(); err != nil {
			return err
		}
	}
}
