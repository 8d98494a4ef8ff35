package schema

import (
	"errors"
	"fmt"
	"slices"
)

// The values of a record's status.
const (
	// StatusSuccess says that every value is good.
	StatusSuccess int64 = 0
	// StatusSensingError says that a value is missing or wrong; it has its error value or is left out.
	StatusSensingError int64 = 1
	// StatusCommunicationError says that the Arduino sent no reading for a while.
	StatusCommunicationError int64 = 2
)

// Reading is a decoded line: values by name, as they came (int64, uint64, float64, string, bool, nil or anything else).
type Reading map[string]any

// Location is a configured position in degrees.
type Location struct {
	Lat, Lon float64
}

// Value is one value of a record: an int64 or a float64, as its field declares.
type Value struct {
	Name  string
	Value any
}

// Record is a checked reading.
type Record struct {
	// Status is one of the Status constants.
	Status int64
	// Values are in the order of the schema; a field that has neither a good value nor an error value is not among them.
	Values []Value
	// Problems tell why the status is StatusSensingError, one for each missing or wrong value.
	Problems []Problem
	// Unknown are the reading's names that the schema does not declare, in order; they are not in the record.
	Unknown []string
}

// Problem is a missing or wrong value of a reading.
type Problem struct {
	Field string
	Err   error
}

func (p Problem) Error() string { return fmt.Sprintf("%q %v", p.Field, p.Err) }

func (p Problem) Unwrap() error { return p.Err }

var errMissing = errors.New("is missing")

// Check turns a reading into a record. A reading without a good position, as from a GPS without a fix,
// takes the configured location; nil is none.
func (s *Schema) Check(reading Reading, location *Location) Record {
	record := Record{Values: make([]Value, 0, len(s.Fields))}
	fixed := s.fixedPosition(reading, location)
	for i := range s.Fields {
		field := &s.Fields[i]
		given, present := reading[field.Name]
		if replaced, ok := fixed[field.Name]; ok {
			record.addReplaced(field, given, replaced)
			continue
		}
		record.add(field, given, present)
	}
	for name := range reading {
		if _, declared := s.byName[name]; !declared {
			record.Unknown = append(record.Unknown, name)
		}
	}
	slices.Sort(record.Unknown)
	return record
}

// Silence is the record of a station that sent no reading: status 2, every value its error value.
func (s *Schema) Silence(location *Location) Record {
	record := s.Check(nil, location)
	record.Status, record.Problems = StatusCommunicationError, nil
	return record
}

// fixedPosition gives the configured latitude and longitude, both or none, if the reading lacks a good one of either.
func (s *Schema) fixedPosition(reading Reading, location *Location) map[string]float64 {
	if location == nil {
		return nil
	}
	for i := range s.Fields[:2] {
		field := &s.Fields[i]
		if _, err := field.check(reading[field.Name]); err != nil {
			return map[string]float64{Lat: location.Lat, Lon: location.Lon}
		}
	}
	return nil
}

// addReplaced takes the configured position. That the line has none is no error; that it has a wrong one is.
func (r *Record) addReplaced(field *Field, given any, replacement float64) {
	if given != nil {
		if _, err := field.check(given); err != nil && !errors.Is(err, errNotFinite) {
			r.addProblem(field, err)
		}
	}
	r.Values = append(r.Values, Value{field.Name, replacement})
}

func (r *Record) add(field *Field, given any, present bool) {
	value, err := field.check(given)
	if err == nil {
		r.Values = append(r.Values, Value{field.Name, value})
		return
	}
	fallback := field.errorValue()
	switch {
	case present:
		r.addProblem(field, err)
	case field.Required || fallback != nil:
		r.addProblem(field, errMissing)
	}
	if fallback != nil {
		r.Values = append(r.Values, Value{field.Name, fallback})
	}
}

func (r *Record) addProblem(field *Field, err error) {
	r.Status = StatusSensingError
	r.Problems = append(r.Problems, Problem{field.Name, err})
}

// IsStatus tells whether a number is one of the Status constants.
func IsStatus(number int64) bool {
	return number >= StatusSuccess && number <= StatusCommunicationError
}
