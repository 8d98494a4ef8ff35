package schema

import (
	"errors"
	"fmt"
	"slices"
)

// The values of the status of a record.
const (
	// StatusSuccess means that every value is valid.
	StatusSuccess int64 = 0
	// StatusSensingError means that a value is missing or invalid; it has its error value or is left out.
	StatusSensingError int64 = 1
	// StatusCommunicationError means that the Arduino sent no reading for a while.
	StatusCommunicationError int64 = 2
)

// Reading is a decoded line: values by name, as decoded (int64, uint64, float64, string, bool, nil or anything else).
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
	// Values are in the order of the schema; a field with neither a valid value nor an error value is omitted.
	Values []Value
	// Problems are the reasons for StatusSensingError, one for each missing or invalid value.
	Problems []Problem
	// Unknown are the names in the reading that the schema does not declare, in order; they are not in the record.
	Unknown []string
}

// Problem is a missing or invalid value of a reading.
type Problem struct {
	Field string
	Err   error
}

func (p Problem) Error() string { return fmt.Sprintf("%q %v", p.Field, p.Err) }

func (p Problem) Unwrap() error { return p.Err }

var errMissing = errors.New("is missing")

// Check turns a reading into a record. A reading without a valid position, as from a GPS without a fix,
// gets the configured location, if it is not nil.
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

// Silence returns the record of a station without a reading: status 2, every value its error value.
func (s *Schema) Silence(location *Location) Record {
	record := s.Check(nil, location)
	record.Status, record.Problems = StatusCommunicationError, nil
	return record
}

// fixedPosition returns the configured latitude and longitude, both or neither, if one of them is not valid in the reading.
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

// addReplaced adds the configured position. A missing position in the line is not an error; an invalid one is.
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

// IsStatus reports whether a number is one of the Status constants.
func IsStatus(number int64) bool {
	return number >= StatusSuccess && number <= StatusCommunicationError
}
