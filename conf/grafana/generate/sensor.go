package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/telegraf-station/telegraf-station/internal/schema"
)

// sensor is a field of the schema as a dashboard shows it.
type sensor struct {
	schema.Field
	title string
	unit  string // one of Grafana's ids
	axis  string // what Grafana has no unit for
}

// loadSensors reads the schema that the stations have; the position has a panel of its own.
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

// good is an InfluxQL condition that only good values meet: an error value is never inside the sensor's range.
func (s sensor) good() string {
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

// bad is the InfluxQL selector that finds the best of several values, and what it meets if even that is the error value: it is
// nearer to that than to the range.
func (s sensor) bad() (selector string, met condition) {
	if s.Min != nil && *s.ErrorValue < *s.Min {
		return "max", below((*s.ErrorValue + *s.Min) / 2)
	}
	return "min", above((*s.ErrorValue + *s.Max) / 2)
}

func number(value float64) string { return strconv.FormatFloat(value, 'f', -1, 64) }
