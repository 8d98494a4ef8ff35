// Package schema holds the sensor schema: the values in the record of a station, and when a value is valid. It is one declaration that the
// input, the serializer, and the parser share, and does not depend on Telegraf.
package schema

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// The keys that every record has, whatever its schema.
const (
	DeviceID = "device_id"
	Status   = "status"
	Time     = "time"
	Lat      = "lat"
	Lon      = "lon"
)

// Default is the name of the built-in schema.
const Default = "environment"

//go:embed environment.toml
var environment string

// Schema is a named list of fields: lat and lon first, then the sensors in the order of their declaration,
// which is the order in the record.
type Schema struct {
	Name   string
	Fields []Field
	byName map[string]int
}

// Load returns the built-in schema by its name ("environment", also for an empty option)
// or reads one from a TOML file; the value of an option `schema` is either.
func Load(option string) (*Schema, error) {
	if option == "" || option == Default {
		return Parse(environment)
	}
	if !strings.ContainsAny(option, "/.") {
		return nil, fmt.Errorf(`option "schema" must be %q or the path of a schema file (got %q)`, Default, option)
	}
	text, err := os.ReadFile(option) //nolint:gosec // the file that the user names
	if err != nil {
		return nil, fmt.Errorf(`option "schema": %w`, err)
	}
	parsed, err := Parse(string(text))
	if err != nil {
		return nil, fmt.Errorf("schema file %s: %w", option, err)
	}
	return parsed, nil
}

// Parse reads a schema from TOML text in the form of environment.toml.
func Parse(text string) (*Schema, error) {
	var file struct {
		Name  string  `toml:"name"`
		Field []Field `toml:"field"`
	}
	meta, err := toml.Decode(text, &file)
	if err != nil {
		return nil, err
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return nil, fmt.Errorf("unknown option %q", unknown[0].String())
	}
	if file.Name == "" {
		return nil, errors.New(`option "name" is missing: it names the metric`)
	}
	return New(file.Name, file.Field)
}

// New returns a schema of sensor fields. It rejects an invalid declaration, a duplicate name, and an empty list.
func New(name string, sensors []Field) (*Schema, error) {
	if len(sensors) == 0 {
		return nil, fmt.Errorf("schema %q declares no field", name)
	}
	s := &Schema{Name: name, Fields: slices.Concat(position(), sensors), byName: make(map[string]int)}
	for i := range s.Fields {
		field := &s.Fields[i]
		if err := field.validate(); err != nil {
			return nil, err
		}
		if _, taken := s.byName[field.Name]; taken || field.Name == DeviceID || field.Name == Status || field.Name == Time {
			return nil, fmt.Errorf("field %q is declared twice, or is one that every record has (device_id, status, time, lat, lon)", field.Name)
		}
		s.byName[field.Name] = i
	}
	return s, nil
}

// Field finds a field by its name.
func (s *Schema) Field(name string) (*Field, bool) {
	i, found := s.byName[name]
	if !found {
		return nil, false
	}
	return &s.Fields[i], true
}

// position declares the position of the station, in degrees (WGS 84).
func position() []Field {
	bound := func(number float64) *float64 { return &number }
	return []Field{
		{Name: Lat, Type: Float, Min: bound(-90), Max: bound(90), Required: true, Unit: "degree"},
		{Name: Lon, Type: Float, Min: bound(-180), Max: bound(180), Required: true, Unit: "degree"},
	}
}
