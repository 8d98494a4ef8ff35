// Package station implements the Telegraf parser that turns the JSON records of stations in Kafka into metrics.
package station

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/metric"
	"github.com/influxdata/telegraf/plugins/parsers"
	"github.com/telegraf-station/telegraf-station/internal/line/flatjson"
	"github.com/telegraf-station/telegraf-station/internal/schema"
)

// Parser returns a metric for each record: named after the schema, with the tag device_id, the time of the record, and the other keys
// as fields of the types that the schema declares.
type Parser struct {
	// Schema is the name of the built-in schema or the path of a schema file.
	Schema string `toml:"schema"`
	// UnknownFields sets what to do with keys that the schema does not declare: "drop" (default), "keep", or "error".
	UnknownFields string            `toml:"unknown_fields"`
	DefaultTags   map[string]string `toml:"-"`
	Log           telegraf.Logger   `toml:"-"`

	schema  *schema.Schema
	unknown schema.Unknown
	// template has status and then all fields of the schema. Copying it costs half as much as adding them one by one.
	template telegraf.Metric
	buffers  sync.Pool // of flatjson.Members
}

// Init checks the options.
func (p *Parser) Init() error {
	var err error
	if p.schema, err = schema.Load(p.Schema); err != nil {
		return err
	}
	p.template = metric.New(p.schema.Name, nil, nil, time.Time{})
	p.template.AddField(schema.Status, nil)
	for _, field := range p.schema.Fields {
		p.template.AddField(field.Name, nil)
	}
	p.buffers.New = func() any { return new(flatjson.Members) }
	p.unknown, err = schema.NewUnknown(p.UnknownFields)
	return err
}

// Parse reads one record per line. It returns the metrics of the valid records and the joined errors of the rest.
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

// ParseLine reads one record.
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

// SetDefaultTags sets the tags that every metric gets.
func (p *Parser) SetDefaultTags(tags map[string]string) { p.DefaultTags = tags }

func (p *Parser) parse(line []byte) (telegraf.Metric, error) {
	buffer := p.buffers.Get().(*flatjson.Members)
	defer p.buffers.Put(buffer)
	var err error
	if *buffer, err = flatjson.AppendMembers((*buffer)[:0], line); err != nil {
		return nil, err
	}
	members := *buffer
	parsed, err := p.newMetric(&members)
	if err != nil {
		return nil, err
	}
	if err := p.setFields(parsed, &members); err != nil {
		return nil, err
	}
	return parsed, p.addUnknown(parsed, members)
}

// setFields sets the fields of the schema and removes those that the record does not have.
func (p *Parser) setFields(parsed telegraf.Metric, members *flatjson.Members) (err error) {
	var absent []string
	fields := parsed.FieldList()[1:] // the first one is status
	for i := range p.schema.Fields {
		declared := &p.schema.Fields[i]
		given := members.Remove(declared.Name)
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

// newMetric returns a metric with device_id, status, and time, which every record has, and takes them out of members.
func (p *Parser) newMetric(members *flatjson.Members) (telegraf.Metric, error) {
	given := members.Remove(schema.DeviceID)
	device, _ := given.(string)
	if device == "" {
		return nil, fmt.Errorf(`"device_id" must be a string that is not empty (got %v)`, given)
	}
	if err := schema.CheckDeviceID(device); err != nil {
		return nil, fmt.Errorf(`"device_id" %w`, err)
	}
	given = members.Remove(schema.Status)
	status, ok := given.(int64)
	if float, isFloat := given.(float64); isFloat && float == math.Trunc(float) { // other writers have only floats
		status, ok = int64(float), true
	}
	if !ok || !schema.IsStatus(status) {
		return nil, fmt.Errorf(`"status" must be 0, 1, or 2 (got %v)`, given)
	}
	given = members.Remove(schema.Time)
	text, _ := given.(string)
	stamp, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return nil, fmt.Errorf(`"time" must be like "2006-01-02T15:04:05.999Z" (got %v)`, given)
	}
	if err := schema.CheckTime(stamp); err != nil {
		return nil, fmt.Errorf(`"time" %w`, err)
	}
	parsed := p.template.Copy()
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
