package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// newTopicsEvery is how often Follow asks for topics that are new (franz-go's default: 5 minutes).
const newTopicsEvery = 500 * time.Millisecond

// Follow calls a function with every record of the topics that match a regular expression (anchor it: "^JNU_"), from their
// first record on, one at a time, until the context ends; then it returns nil. Topics made later are found within a second.
// It outlives brokers that go away and come back, and ends with an error for what no patience mends, such as a refused login.
func Follow(ctx context.Context, addresses []string, topics string, each func(Record)) error {
	client, err := kgo.NewClient(
		kgo.SeedBrokers(addresses...),
		kgo.ConsumeTopics(topics),
		kgo.ConsumeRegex(),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.MetadataMinAge(newTopicsEvery/2),
		kgo.MetadataMaxAge(newTopicsEvery),
	)
	if err != nil {
		return fmt.Errorf("topics %q not followed: %w", topics, err)
	}
	defer client.Close()
	for ctx.Err() == nil {
		fetches := client.PollFetches(ctx)
		fetches.EachRecord(func(r *kgo.Record) { each(recordOf(r)) })
		if err := lasting(fetches); err != nil {
			return fmt.Errorf("topics %q not followed: %w", topics, err)
		}
	}
	return nil
}

// lasting is the first error that franz-go's own retries will not mend.
func lasting(fetches kgo.Fetches) error {
	for _, fetch := range fetches.Errors() {
		if isLasting(fetch.Err) {
			return fetch.Err
		}
	}
	return nil
}

// isLasting is true of what Kafka itself calls not retriable. A broker that cannot be reached is not that.
func isLasting(err error) bool {
	var broker *kerr.Error
	return errors.As(err, &broker) && !broker.Retriable
}
