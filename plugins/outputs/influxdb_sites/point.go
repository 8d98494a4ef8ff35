package influxdb_sites

import (
	"fmt"
	"slices"
	"strings"

	"github.com/influxdata/telegraf"
)

// point is a metric without the tags that identify its record. The metric itself keeps them for a retry and for the log.
type point struct {
	telegraf.Metric
	source []string
}

func (i *InfluxDBSites) points(metrics []telegraf.Metric) []telegraf.Metric {
	if len(i.SourceTags) == 0 {
		return metrics
	}
	points := make([]telegraf.Metric, len(metrics))
	for n, metric := range metrics {
		points[n] = &point{metric, i.SourceTags}
	}
	return points
}

// TagList returns the tags that the serializer writes.
func (p *point) TagList() []*telegraf.Tag {
	return slices.DeleteFunc(slices.Clone(p.Metric.TagList()), func(tag *telegraf.Tag) bool { return slices.Contains(p.source, tag.Key) })
}

// Copy is called for the option exclude_bucket_tag.
func (p *point) Copy() telegraf.Metric { return &point{p.Metric.Copy(), p.source} }

// describe returns the source tags of a point and its line protocol.
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
