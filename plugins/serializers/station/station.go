// Package station serializes the metric of a station as the flat JSON record that is stored in Kafka.
package station

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/plugins/serializers"
	"github.com/telegraf-station/telegraf-station/internal/schema"
)

// Serializer writes one JSON object per metric, with its keys in the order of the schema: device_id, status, time, lat, lon, and the sensors.
type Serializer struct {
	// Schema is the name of the built-in schema or the path of a schema file.
	Schema string `toml:"schema"`
	// UnknownFields sets what happens to fields that the schema does not declare: "drop" (default), "keep", or "error".
	UnknownFields string          `toml:"unknown_fields"`
	Log           telegraf.Logger `toml:"-"`

	schema  *schema.Schema
	unknown schema.Unknown
}

// Init checks the options.
func (s *Serializer) Init() error {
	var err error
	if s.schema, err = schema.Load(s.Schema); err != nil {
		return err
	}
	s.unknown, err = schema.NewUnknown(s.UnknownFields)
	return err
}

// Serialize returns the metric as a JSON object and a newline. It returns an error if the tag device_id is missing, if the status is not 0, 1, or
// 2, if a field has the wrong type, or if RFC 3339 cannot represent the time.
func (s *Serializer) Serialize(metric telegraf.Metric) ([]byte, error) {
	line, err := s.append(make([]byte, 0, 256), metric)
	if err != nil {
		return nil, fmt.Errorf("metric %q is not a record of schema %q: %w", metric.Name(), s.schema.Name, err)
	}
	return line, nil
}

// SerializeBatch returns one line per valid metric, and the joined errors of the invalid ones.
func (s *Serializer) SerializeBatch(metrics []telegraf.Metric) ([]byte, error) {
	var lines []byte
	var failed []error
	for _, metric := range metrics {
		line, err := s.Serialize(metric)
		if err != nil {
			failed = append(failed, err)
			continue
		}
		lines = append(lines, line...)
	}
	return lines, errors.Join(failed...)
}

func (s *Serializer) append(line []byte, metric telegraf.Metric) ([]byte, error) {
	line, err := appendHead(line, metric)
	if err != nil {
		return nil, err
	}
	written := 1 // the status
	for i := range s.schema.Fields {
		field := &s.schema.Fields[i]
		given, found := metric.GetField(field.Name)
		if !found {
			continue
		}
		value, err := field.Convert(given)
		if err != nil {
			return nil, fmt.Errorf("field %q %w", field.Name, err)
		}
		line = appendMember(line, field.Name, value)
		written++
	}
	if written < len(metric.FieldList()) {
		if line, err = s.appendUnknown(line, metric); err != nil {
			return nil, err
		}
	}
	return append(line, '}', '\n'), nil
}

func appendHead(line []byte, metric telegraf.Metric) ([]byte, error) {
	device, _ := metric.GetTag(schema.DeviceID)
	if device == "" {
		return nil, errors.New(`tag "device_id" is missing`)
	}
	if err := schema.CheckDeviceID(device); err != nil {
		return nil, fmt.Errorf(`tag "device_id" %w`, err)
	}
	given, _ := metric.GetField(schema.Status)
	status, ok := given.(int64)
	if !ok || !schema.IsStatus(status) {
		return nil, fmt.Errorf(`field "status" must be 0, 1 or 2 (got %v)`, given)
	}
	stamp := metric.Time().UTC()
	if err := schema.CheckTime(stamp); err != nil {
		return nil, fmt.Errorf("time %w", err)
	}
	line = append(line, '{')
	line = appendMember(line, schema.DeviceID, device)
	line = appendMember(line, schema.Status, status)
	return appendMember(line, schema.Time, stamp.Format(time.RFC3339Nano)), nil
}

// appendUnknown handles fields that the schema does not declare according to the option. It appends the kept ones sorted by name.
func (s *Serializer) appendUnknown(line []byte, metric telegraf.Metric) ([]byte, error) {
	fields := slices.Clone(metric.FieldList())
	slices.SortFunc(fields, func(a, b *telegraf.Field) int { return strings.Compare(a.Key, b.Key) })
	for _, field := range fields {
		if _, declared := s.schema.Field(field.Key); declared || field.Key == schema.Status {
			continue
		}
		keep, err := s.unknown.Keep(field.Key, s.Log)
		if err != nil {
			return nil, err
		}
		if keep {
			line = appendMember(line, field.Key, field.Value)
		}
	}
	return line, nil
}

func appendMember(line []byte, key string, value any) []byte {
	if line[len(line)-1] != '{' {
		line = append(line, ',')
	}
	line = append(appendString(line, key), ':')
	switch value := value.(type) {
	case int64:
		return strconv.AppendInt(line, value, 10)
	case uint64:
		return strconv.AppendUint(line, value, 10)
	case float64:
		return appendFloat(line, value)
	case bool:
		return strconv.AppendBool(line, value)
	case string:
		return appendString(line, value)
	}
	return append(line, "null"...)
}

// appendFloat writes a float so that it cannot be mistaken for an int: 26 as 26.0. NaN and infinities, which JSON does not support, are null.
func appendFloat(line []byte, value float64) []byte {
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return append(line, "null"...)
	}
	if size := math.Abs(value); size != 0 && (size < 1e-6 || size >= 1e21) {
		return strconv.AppendFloat(line, value, 'e', -1, 64)
	}
	start := len(line)
	line = strconv.AppendFloat(line, value, 'f', -1, 64)
	if !slices.Contains(line[start:], '.') {
		line = append(line, '.', '0')
	}
	return line
}

func appendString(line []byte, text string) []byte {
	for i := range len(text) {
		if char := text[i]; char < ' ' || char > '~' || char == '"' || char == '\\' {
			quoted, _ := json.Marshal(text) // cannot fail for a string
			return append(line, quoted...)
		}
	}
	line = append(line, '"')
	line = append(line, text...)
	return append(line, '"')
}

func init() {
	serializers.Add("station", func() telegraf.Serializer { return &Serializer{} })
}
