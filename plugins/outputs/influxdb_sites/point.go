package influxdb_sites

import (
	"fmt"
	"slices"
	"strings"

	"github.com/influxdata/telegraf"
)

// point is a metric without the tags that say which record it came from. The metric itself keeps them, for the next try and the log.
type point struct {
	telegraf.Metric
	source []string
}

func (i *InfluxDBSites) points(metrics []telegraf.Metric) []telegraf.Metric {
	if len(i.SourceTags) == 0 {
		return metrics
	}
	points, all := make([]telegraf.Metric, len(metrics)), make([]point, len(metrics))
	for n, metric := range metrics {
		all[n] = point{metric, i.SourceTags}
		points[n] = &all[n]
	}
	return points
}

// TagList is what the serializer reads.
func (p *point) TagList() []*telegraf.Tag {
	all := p.Metric.TagList()
	tags := make([]*telegraf.Tag, 0, len(all))
	for _, tag := range all {
		if !slices.Contains(p.source, tag.Key) {
			tags = append(tags, tag)
		}
	}
	return tags
}

// Copy is what exclude_bucket_tag needs.
func (p *point) Copy() telegraf.Metric { return &point{p.Metric.Copy(), p.source} }

// describe names the record, as far as its tags do, and shows the point.
func (i *InfluxDBSites) describe(metric telegraf.Metric) string {
	var text strings.Builder
	for _, key := range i.SourceTags {
		if value, ok := metric.GetTag(key); ok {
			fmt.Fprintf(&text, "%s %s, ", key, value)
		}
	}
	line, err := i.lines.Serialize(metric)
	if err != nil {
		return fmt.Sprintf("%spoint of measurement %q at %s: %v", text.String(), metric.Name(), metric.Time().UTC(), err)
	}
	return fmt.Sprintf("%spoint %.300q", text.String(), strings.TrimSpace(string(line)))
}
