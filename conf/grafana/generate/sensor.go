package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/telegraf-station/telegraf-station/internal/schema"
)

// sensor is a field of the schema and its appearance in a dashboard.
type sensor struct {
	schema.Field
	title string
	unit  string // an ID in Grafana
	axis  string // the unit if Grafana does not have it
}

// loadSensors returns the sensors of the stations' schema. The position has its own panel.
func loadSensors(option string) ([]sensor, error) {
	declared, err := schema.Load(option)
	if err != nil {
		return nil, err
	}
	var sensors []sensor
	for _, field := range declared.Fields {
		if field.Name != schema.Lat && field.Name != schema.Lon {
			sensors = append(sensors, newSensor(field))
		}
	}
	return sensors, nil
}

func newSensor(field schema.Field) sensor {
	s := sensor{Field: field, title: title(field.Name)}
	switch field.Unit {
	case "degC":
		s.unit = "celsius"
	case "ug/m3":
		s.unit = "conμgm3"
	default:
		s.unit, s.axis = "none", field.Unit
	}
	return s
}

func title(name string) string {
	switch name {
	case "temp":
		return "Temperature"
	case "co_gas":
		return "CO gas"
	}
	words := strings.ReplaceAll(name, "_", " ")
	return strings.ToUpper(words[:1]) + words[1:]
}

// valid returns an InfluxQL condition for valid values. An error value is never in the range of the sensor.
func (s sensor) valid() string {
	var conditions []string
	add := func(operator string, bound *float64) {
		if bound != nil {
			conditions = append(conditions, fmt.Sprintf("%q %s %s", s.Name, operator, number(*bound)))
		}
	}
	add(">=", s.Min)
	add("<=", s.Max)
	add("<>", s.ErrorValue)
	return strings.Join(conditions, " AND ")
}

// failed returns the InfluxQL selector of the best of several values, and the condition that it meets if even that one is the error value:
// it is closer to the error value than to the range.
func (s sensor) failed() (selector string, met condition) {
	if s.Min != nil && *s.ErrorValue < *s.Min {
		return "max", below((*s.ErrorValue + *s.Min) / 2)
	}
	return "min", above((*s.ErrorValue + *s.Max) / 2)
}

func number(value float64) string { return strconv.FormatFloat(value, 'f', -1, 64) }
