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

// Store has the points that the readings became.
type Store interface {
	// Since is the time from which on the store keeps points.
	Since(ctx context.Context) (time.Time, error)
	// Times calls each with the times of a device's points from one to another, both included, in rising order.
	Times(ctx context.Context, topic, device string, from, to time.Time, each func(int64)) error
}

// shownTimes is how many missing times a report names.
const shownTimes = 5

// compare looks whether the store has one point for each time.
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

// InfluxDB is a bucket of InfluxDB 2, written as conf/central does: measurement {site}_{type}, tags id, site, index and type.
type InfluxDB struct {
	client      influxdb2.Client
	org, bucket string
}

// NewInfluxDB connects when it is first asked. Close ends the connections.
func NewInfluxDB(url, token, org, bucket string) *InfluxDB {
	// The time of a long answer is the context's: the client's own limit of 20 s would end it in the middle.
	return &InfluxDB{influxdb2.NewClientWithOptions(url, token, influxdb2.DefaultOptions().SetHTTPRequestTimeout(0)), org, bucket}
}

// Close ends the connections.
func (i *InfluxDB) Close() { i.client.Close() }

// Since follows the bucket's retention.
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

// Times asks for the field status, which every point has.
func (i *InfluxDB) Times(ctx context.Context, topic, device string, from, to time.Time, each func(int64)) error {
	site, ok := record.SplitTopic(topic)
	if !ok {
		return fmt.Errorf("topic %q is not SITE_INDEX_TYPE: InfluxDB cannot be asked for it", topic)
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

// quote makes a Flux string. Go's own quoting is another: Flux knows no \u, and would run what stands in ${}.
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
