// Package station parses the flat JSON record of a station, as it stands in Kafka, into a metric.
package station

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/metric"
	"github.com/influxdata/telegraf/plugins/parsers"
	"github.com/telegraf-station/telegraf-station/internal/line/flatjson"
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
	// blank has status and then all fields of the schema. A copy of it costs half of what adding them one by one does.
	blank telegraf.Metric
	rooms sync.Pool // for the members of a record
}

// Init checks the options.
func (p *Parser) Init() error {
	var err error
	if p.schema, err = schema.Load(p.Schema); err != nil {
		return err
	}
	p.blank = metric.New(p.schema.Name, nil, nil, time.Time{})
	p.blank.AddField(schema.Status, nil)
	for _, field := range p.schema.Fields {
		p.blank.AddField(field.Name, nil)
	}
	p.rooms.New = func() any { return new(flatjson.Members) }
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
	room := p.rooms.Get().(*flatjson.Members)
	defer p.rooms.Put(room)
	var err error
	if *room, err = flatjson.AppendMembers((*room)[:0], line); err != nil {
		return nil, err
	}
	members := *room
	parsed, err := p.head(&members)
	if err != nil {
		return nil, err
	}
	if err := p.fill(parsed, &members); err != nil {
		return nil, err
	}
	return parsed, p.addUnknown(parsed, members)
}

// fill sets the fields of the schema, and removes those that the record has not.
func (p *Parser) fill(parsed telegraf.Metric, members *flatjson.Members) (err error) {
	var absent []string
	fields := parsed.FieldList()[1:] // the first one is status
	for i := range p.schema.Fields {
		declared := &p.schema.Fields[i]
		given := members.Take(declared.Name)
		if given == nil {
			absent = append(absent, declared.Name)
			continue
		}
		if fields[i].Value, err = declared.Convert(given); err != nil {
			return fmt.Errorf("%q %w", declared.Name, err)
		}
	}
	for _, name := range absent {
		parsed.RemoveField(name)
	}
	return nil
}

// head takes device_id, status and time, which every record has, out of the members.
func (p *Parser) head(members *flatjson.Members) (telegraf.Metric, error) {
	given := members.Take(schema.DeviceID)
	device, _ := given.(string)
	if device == "" {
		return nil, fmt.Errorf(`"device_id" must be a string (got %v)`, given)
	}
	given = members.Take(schema.Status)
	status, ok := given.(int64)
	if !ok || !schema.IsStatus(status) {
		return nil, fmt.Errorf(`"status" must be 0, 1 or 2 (got %v)`, given)
	}
	given = members.Take(schema.Time)
	text, _ := given.(string)
	stamp, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return nil, fmt.Errorf(`"time" must be like "2006-01-02T15:04:05.999Z" (got %v)`, given)
	}
	parsed := p.blank.Copy()
	parsed.SetTime(stamp.UTC())
	parsed.FieldList()[0].Value = status
	for key, value := range p.DefaultTags {
		parsed.AddTag(key, value)
	}
	parsed.AddTag(schema.DeviceID, device)
	return parsed, nil
}

func (p *Parser) addUnknown(parsed telegraf.Metric, members flatjson.Members) error {
	for _, m := range members {
		keep, err := p.unknown.Keep(m.Key, p.Log)
		if err != nil {
			return err
		}
		if _, nested := m.Value.(flatjson.Nested); keep && !nested && m.Value != nil {
			parsed.AddField(m.Key, m.Value)
		}
	}
	return nil
}

func init() {
	parsers.Add("station", func(string) telegraf.Parser { return &Parser{} })
}
