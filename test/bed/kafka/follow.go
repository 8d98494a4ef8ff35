package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// newTopicsEvery is how often Follow looks for new topics (default of franz-go: 5 minutes).
const newTopicsEvery = 500 * time.Millisecond

// Follow calls each for every record of the topics that match a regular expression (anchor it: "^JNU_"), starting at their first record, one
// at a time, until the context ends; then it returns nil. It detects new topics within a second and survives restarts of brokers. It returns
// permanent errors, such as a rejected login.
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
		return fmt.Errorf("cannot follow topics %q: %w", topics, err)
	}
	defer client.Close()
	for ctx.Err() == nil {
		fetches := client.PollFetches(ctx)
		fetches.EachRecord(func(r *kgo.Record) { each(recordOf(r)) })
		if err := permanentError(fetches); err != nil {
			return fmt.Errorf("cannot follow topics %q: %w", topics, err)
		}
	}
	return nil
}

// permanentError returns the first error that retries do not resolve.
func permanentError(fetches kgo.Fetches) error {
	for _, fetch := range fetches.Errors() {
		if isPermanent(fetch.Err) {
			return fetch.Err
		}
	}
	return nil
}

// isPermanent reports whether Kafka calls the error not retriable. An unreachable broker is not a permanent error.
func isPermanent(err error) bool {
	var broker *kerr.Error
	return errors.As(err, &broker) && !broker.Retriable
}
