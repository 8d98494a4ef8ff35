package schema

import (
	"errors"
	"fmt"
	"math"
	"regexp"
)

// Type is the type that a field keeps from the Arduino's line to InfluxDB.
type Type string

// The types of a field. Telegraf carries an Int as int64 and a Float as float64.
const (
	Int   Type = "int"
	Float Type = "float"
)

// maxExact limits min, max, and error_value of an int field: above 2^53, a float64 cannot represent every int.
const maxExact = 1 << 53

var fieldName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`)

// Field declares one value of a record.
type Field struct {
	// Name is the key in the line, in the metric and in the record.
	Name string `toml:"name"`
	Type Type   `toml:"type"`
	// Min and Max are the range of a valid value, both included; nil means unlimited.
	Min *float64 `toml:"min"`
	Max *float64 `toml:"max"`
	// ErrorValue replaces a missing or invalid value; nil leaves the field out of the record.
	ErrorValue *float64 `toml:"error_value"`
	// Required makes a missing value a sensing error even without an ErrorValue.
	Required bool `toml:"required"`
	// Unit is for people and dashboards, e.g. "degC".
	Unit string `toml:"unit"`
}

// validate returns an error if the declaration is not valid.
func (f *Field) validate() error {
	if !fieldName.MatchString(f.Name) {
		return fmt.Errorf("field name %q: use letters, digits and \"_\", with a letter first", f.Name)
	}
	if f.Type != Int && f.Type != Float {
		return fmt.Errorf("field %q: type must be \"int\" or \"float\" (got %q)", f.Name, f.Type)
	}
	for option, bound := range map[string]*float64{"min": f.Min, "max": f.Max, "error_value": f.ErrorValue} {
		if err := f.validateNumber(bound); err != nil {
			return fmt.Errorf("field %q: %s %w", f.Name, option, err)
		}
	}
	if f.Min != nil && f.Max != nil && *f.Min > *f.Max {
		return fmt.Errorf("field %q: min %v is above max %v", f.Name, *f.Min, *f.Max)
	}
	if f.ErrorValue != nil && f.inRange(*f.ErrorValue) {
		return fmt.Errorf("field %q: error_value %v is also a valid value; set it outside min..max", f.Name, *f.ErrorValue)
	}
	return nil
}

func (f *Field) validateNumber(number *float64) error {
	switch {
	case number == nil:
		return nil
	case math.IsNaN(*number) || math.IsInf(*number, 0):
		return fmt.Errorf("must be a finite number (got %v)", *number)
	case f.Type == Int && *number != math.Trunc(*number):
		return fmt.Errorf("must be a whole number, because the type is \"int\" (got %v)", *number)
	case f.Type == Int && math.Abs(*number) > maxExact:
		return fmt.Errorf("must be within ±2^53 (got %v)", *number)
	}
	return nil
}

func (f *Field) inRange(number float64) bool {
	return (f.Min == nil || number >= *f.Min) && (f.Max == nil || number <= *f.Max)
}

// FormError is returned for a value that no sensor error explains: it was printed in another form than the field declares.
type FormError struct {
	Problem string
	// Advice is what to change in the sketch or the schema.
	Advice string
}

func (e *FormError) Error() string { return e.Problem }

func notANumber(format string, value any) *FormError {
	return &FormError{Problem: "must be a number, not " + fmt.Sprintf(format, value), Advice: "print the bare number"}
}

var errNotFinite = errors.New("is not a finite number")

// Convert returns the value in the type of the field: an int64 or a float64.
// It loses nothing: an int field takes 554 and 554.0 but not 554.5, a float field takes 26 and 26.0.
func (f *Field) Convert(value any) (any, error) {
	switch number := value.(type) {
	case int64:
		if f.Type == Int {
			return value, nil // the same: no new one is allocated
		}
		return float64(number), nil
	case uint64:
		if f.Type == Float {
			return float64(number), nil
		}
		if number <= math.MaxInt64 {
			return int64(number), nil
		}
		return nil, errors.New("is too large")
	case float64:
		return f.convertFloat(value, number)
	case nil:
		return nil, errors.New("is null")
	case string:
		return nil, notANumber("the string %q", number)
	case bool:
		return nil, notANumber("%t", number)
	}
	return nil, notANumber("%s", "an object or an array")
}

func (f *Field) convertFloat(value any, number float64) (any, error) {
	if math.IsNaN(number) || math.IsInf(number, 0) {
		return nil, errNotFinite
	}
	if f.Type == Float {
		return value, nil
	}
	if number != math.Trunc(number) {
		return nil, &FormError{Problem: fmt.Sprintf("must be a whole number (got %v)", number), Advice: "round it, or declare a float"}
	}
	if math.Abs(number) > maxExact {
		return nil, errors.New("is too large")
	}
	return int64(number), nil
}

// check converts a value of a reading, and returns an error if it is not valid.
func (f *Field) check(value any) (any, error) {
	typed, err := f.Convert(value)
	if err != nil {
		return nil, err
	}
	if !f.inRange(asFloat(typed)) {
		return nil, fmt.Errorf("is out of range: %v is not in %s", typed, f.rangeText())
	}
	return typed, nil
}

func (f *Field) rangeText() string {
	text := func(bound *float64) string {
		if bound == nil {
			return ""
		}
		return fmt.Sprint(*bound)
	}
	return text(f.Min) + ".." + text(f.Max)
}

// errorValue returns ErrorValue in the type of the field, or nil.
func (f *Field) errorValue() any {
	switch {
	case f.ErrorValue == nil:
		return nil
	case f.Type == Int:
		return int64(*f.ErrorValue)
	}
	return *f.ErrorValue
}

func asFloat(typed any) float64 {
	if integer, ok := typed.(int64); ok {
		return float64(integer)
	}
	number, _ := typed.(float64)
	return number
}
