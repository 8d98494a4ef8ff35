package site

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kerr"
)

// DeleteTopics deletes the topics of many sites with all their records, in few requests, and returns how many existed.
func (c *Cluster) DeleteTopics(ctx context.Context, names []Name) (deleted int, err error) {
	for some := range slices.Chunk(names, changesAtOnce) {
		topics := make([]string, len(some))
		for i, name := range some {
			topics[i] = name.Topic()
		}
		results, err := c.admin.DeleteTopics(ctx, topics...)
		if err != nil {
			return deleted, explain(err)
		}
		var errs []error
		for _, r := range results.Sorted() {
			switch {
			case r.Err == nil:
				deleted++
			case !errors.Is(r.Err, kerr.UnknownTopicOrPartition):
				errs = append(errs, fmt.Errorf("topic %q: %w", r.Topic, explain(r.Err)))
			}
		}
		if len(errs) > 0 {
			return deleted, several(errs, errorsShown)
		}
	}
	return deleted, nil
}
