package site

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
)

// addRecords counts the records of each topic, and finds the time of its newest one.
func (c *Cluster) addRecords(ctx context.Context, topics []Topic, names []string) error {
	oldest, err := c.admin.ListStartOffsets(ctx, names...)
	if err != nil {
		return explain(err)
	}
	end, err := c.admin.ListEndOffsets(ctx, names...)
	if err != nil {
		return explain(err)
	}
	newest, err := c.admin.ListMaxTimestampOffsets(ctx, names...)
	if err != nil {
		return explain(err)
	}
	for i := range topics {
		if err := topics[i].count(oldest, end, newest); err != nil {
			topics[i].Trouble = explain(err).Error() // the other topics are shown anyway
		}
	}
	return nil
}

func (t *Topic) count(oldest, end, newest kadm.ListedOffsets) error {
	for partition := range int32(t.Partitions) { //nolint:gosec // Kafka's own number
		from, hasStart := oldest.Lookup(t.Name, partition)
		to, hasEnd := end.Lookup(t.Name, partition)
		if err := cmp.Or(from.Err, to.Err); err != nil {
			return err
		}
		if !hasStart || !hasEnd {
			return errors.New("Kafka did not return its offsets") //nolint:staticcheck // a name
		}
		t.Records += to.Offset - from.Offset
		// A Kafka older than 3.0 does not return the newest record: its time stays unknown.
		if last, found := newest.Lookup(t.Name, partition); found && last.Err == nil && last.Timestamp >= 0 {
			if at := time.UnixMilli(last.Timestamp); t.Newest == nil || at.After(*t.Newest) {
				t.Newest = &at
			}
		}
	}
	return nil
}
