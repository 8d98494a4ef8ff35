package audit

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	influxdb2 "github.com/influxdata/influxdb-client-go/v2"

	"github.com/telegraf-station/telegraf-station/internal/record"
)

// Store has the points of the readings.
type Store interface {
	// Since returns the time since when the store keeps points.
	Since(ctx context.Context) (time.Time, error)
	// Times calls each with the times of the points of a device in a range, ends included, in ascending order.
	Times(ctx context.Context, topic, device string, from, to time.Time, each func(int64)) error
}

// shownTimes limits the missing times in a report.
const shownTimes = 5

// compare checks that the store has one point for each time.
func compare(ctx context.Context, store Store, topic string, d *Device, times []int64) error {
	since, err := store.Since(ctx)
	if err != nil {
		return err
	}
	slices.Sort(times)
	times = slices.Compact(times)
	from, _ := slices.BinarySearch(times, since.UnixNano())
	if times = times[from:]; len(times) == 0 {
		return nil
	}
	next, doubled := 0, -1
	missing := func(until int) {
		for ; next < until; next++ {
			if d.Missing++; d.Missing <= shownTimes {
				d.MissingTimes = append(d.MissingTimes, time.Unix(0, times[next]).UTC())
			}
		}
	}
	err = store.Times(ctx, topic, d.ID, time.Unix(0, times[0]), time.Unix(0, times[len(times)-1]), func(at int64) {
		i, found := slices.BinarySearch(times, at)
		missing(max(i, next))
		if found && i < next && i != doubled {
			d.Doubled, doubled = d.Doubled+1, i
		}
		if found {
			next = i + 1
		}
	})
	missing(len(times))
	return err
}

// InfluxDB is a bucket of InfluxDB 2, written as conf/central does: measurement {site}_{type}, tags id, site, index, and type.
type InfluxDB struct {
	client      influxdb2.Client
	org, bucket string
}

// NewInfluxDB returns a client that connects on first use. Close closes the connections.
func NewInfluxDB(url, token, org, bucket string) *InfluxDB {
	// The context limits a long response: the default of the client, 20 s, would cut it off.
	return &InfluxDB{influxdb2.NewClientWithOptions(url, token, influxdb2.DefaultOptions().SetHTTPRequestTimeout(0)), org, bucket}
}

// Close closes the connections.
func (i *InfluxDB) Close() { i.client.Close() }

// Since depends on the retention of the bucket.
func (i *InfluxDB) Since(ctx context.Context) (time.Time, error) {
	bucket, err := i.client.BucketsAPI().FindBucketByName(ctx, i.bucket)
	if err != nil {
		return time.Time{}, fmt.Errorf("InfluxDB bucket %q: %w", i.bucket, err)
	}
	since := time.Unix(0, 0)
	for _, rule := range bucket.RetentionRules {
		if rule.EverySeconds > 0 {
			since = time.Now().Add(-time.Duration(rule.EverySeconds) * time.Second)
		}
	}
	return since, nil
}

// Times queries the field status, which every point has.
func (i *InfluxDB) Times(ctx context.Context, topic, device string, from, to time.Time, each func(int64)) error {
	site, ok := record.SplitTopic(topic)
	if !ok {
		return fmt.Errorf("topic %q is not SITE_INDEX_TYPE, so InfluxDB cannot be queried for it", topic)
	}
	query := fmt.Sprintf(`from(bucket: %s)
  |> range(start: %s, stop: %s)
  |> filter(fn: (r) => r._measurement == %s and r._field == "status" and r.id == %s and r.site == %s and r.index == %s and r.type == %s)
  |> keep(columns: ["_time"])
  |> sort(columns: ["_time"])`,
		quote(i.bucket), from.UTC().Format(time.RFC3339Nano), to.Add(1).UTC().Format(time.RFC3339Nano),
		quote(site.Measurement()), quote(device), quote(site.Site), quote(site.Index), quote(site.Type))
	result, err := i.client.QueryAPI(i.org).Query(ctx, query)
	if err != nil {
		return fmt.Errorf("InfluxDB: %w", err)
	}
	defer result.Close() //nolint:errcheck // it was only read
	for result.Next() {
		each(result.Record().Time().UnixNano())
	}
	if result.Err() != nil {
		return fmt.Errorf("InfluxDB: %w", result.Err())
	}
	return nil
}

// quote returns a Flux string literal. Go's quoting does not fit: Flux does not support \u, and evaluates ${}.
func quote(text string) string {
	var quoted strings.Builder
	quoted.WriteByte('"')
	for i := range len(text) {
		if c := text[i]; c < ' ' || c == '"' || c == '\\' || c == '$' || c == 0x7f {
			fmt.Fprintf(&quoted, `\x%02x`, c)
			continue
		}
		quoted.WriteByte(text[i])
	}
	quoted.WriteByte('"')
	return quoted.String()
}
