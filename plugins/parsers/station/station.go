// Package station parses the flat JSON record of a station, as it stands in Kafka, into a metric.
package station

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/metric"
	"github.com/influxdata/telegraf/plugins/parsers"
	"github.com/telegraf-station/telegraf-station/internal/flatjson"
	"github.com/telegraf-station/telegraf-station/internal/schema"
)

// Parser makes a metric of each record: named after the schema, with the tag device_id, the record's time and
// the other keys as fields of the types that the schema declares.
type Parser struct {
	// Schema is the name of the built-in schema or the path of a schema file.
	Schema string `toml:"schema"`
	// UnknownFields says what happens to keys that the schema does not declare: "drop" (default), "keep" or "error".
	UnknownFields string            `toml:"unknown_fields"`
	DefaultTags   map[string]string `toml:"-"`
	Log           telegraf.Logger   `toml:"-"`

	schema  *schema.Schema
	unknown schema.Unknown
}

// Init checks the options.
func (p *Parser) Init() error {
	var err error
	if p.schema, err = schema.Load(p.Schema); err != nil {
		return err
	}
	p.unknown, err = schema.NewUnknown(p.UnknownFields)
	return err
}

// Parse takes one record a line and returns the metrics of the good ones, with an error that joins those of the others.
func (p *Parser) Parse(buf []byte) ([]telegraf.Metric, error) {
	var metrics []telegraf.Metric
	var failed []error
	for line := range bytes.Lines(buf) {
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		parsed, err := p.parse(line)
		if err != nil {
			failed = append(failed, fmt.Errorf("not a record of schema %q: %w: %.300q", p.schema.Name, err, line))
			continue
		}
		metrics = append(metrics, parsed)
	}
	return metrics, errors.Join(failed...)
}

// ParseLine takes one record.
func (p *Parser) ParseLine(line string) (telegraf.Metric, error) {
	metrics, err := p.Parse([]byte(line))
	if err != nil {
		return nil, err
	}
	if len(metrics) != 1 {
		return nil, fmt.Errorf("expected one record, found %d", len(metrics))
	}
	return metrics[0], nil
}

// SetDefaultTags sets tags for every metric.
func (p *Parser) SetDefaultTags(tags map[string]string) { p.DefaultTags = tags }

func (p *Parser) parse(line []byte) (telegraf.Metric, error) {
	members, err := flatjson.Decode(line)
	if err != nil {
		return nil, err
	}
	parsed, err := p.head(members)
	if err != nil {
		return nil, err
	}
	for i := range p.schema.Fields {
		field := &p.schema.Fields[i]
		given := members[field.Name]
		delete(members, field.Name)
		if given == nil {
			continue
		}
		value, err := field.Convert(given)
		if err != nil {
			return nil, fmt.Errorf("%q %w", field.Name, err)
		}
		parsed.AddField(field.Name, value)
	}
	return parsed, p.addUnknown(parsed, members)
}

// head takes device_id, status and time, which every record has, out of the members.
func (p *Parser) head(members map[string]any) (telegraf.Metric, error) {
	device, _ := members[schema.DeviceID].(string)
	if device == "" {
		return nil, fmt.Errorf(`"device_id" must be a string (got %v)`, members[schema.DeviceID])
	}
	status, ok := members[schema.Status].(int64)
	if !ok || !schema.IsStatus(status) {
		return nil, fmt.Errorf(`"status" must be 0, 1 or 2 (got %v)`, members[schema.Status])
	}
	text, _ := members[schema.Time].(string)
	stamp, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return nil, fmt.Errorf(`"time" must be like "2006-01-02T15:04:05.999Z" (got %v)`, members[schema.Time])
	}
	for _, key := range []string{schema.DeviceID, schema.Status, schema.Time} {
		delete(members, key)
	}
	tags := make(map[string]string, len(p.DefaultTags)+1)
	maps.Copy(tags, p.DefaultTags)
	tags[schema.DeviceID] = device
	parsed := metric.New(p.schema.Name, tags, nil, stamp.UTC())
	parsed.AddField(schema.Status, status)
	return parsed, nil
}

func (p *Parser) addUnknown(parsed telegraf.Metric, members map[string]any) error {
	for _, key := range slices.Sorted(maps.Keys(members)) {
		keep, err := p.unknown.Keep(key, p.Log)
		if err != nil {
			return err
		}
		if _, nested := members[key].(flatjson.Nested); keep && !nested && members[key] != nil {
			parsed.AddField(key, members[key])
		}
	}
	return nil
}

func init() {
	parsers.Add("station", func(string) telegraf.Parser { return &Parser{} })
}
