// Package sitefile reads the rows of a site file. It checks the columns but not their values, so that it depends on little and can be fuzzed
// within seconds.
package sitefile

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Row is one site of a file, unchecked.
type Row struct {
	Line   int
	Values map[string]string // by the column; never empty
}

// Columns are the valid columns; the first ones are required.
var Columns = []string{"site", "index", "type", "partitions", "replication_factor", "retention", "max_message_bytes", "user"}

// Required is the number of required columns.
const Required = 3

// readers are keyed by the extension of the file.
var readers = map[string]func(string) ([]Row, []error){".csv": readCSV, ".yaml": readYAML, ".yml": readYAML}

// Knows reports whether files with this extension can be read.
func Knows(ext string) bool { return readers[ext] != nil }

// Read returns the rows, and all errors.
func Read(ext, text string) ([]Row, []error) { return readers[ext](text) }

// Missing returns an error for the first required column without a value.
func (r Row) Missing() error {
	for _, column := range Columns[:Required] {
		if r.Values[column] == "" {
			return fmt.Errorf("%s is missing", column)
		}
	}
	return nil
}

// checkColumn rejects an unknown column.
func checkColumn(name string) error {
	if !slices.Contains(Columns, name) {
		return fmt.Errorf("unknown column %q; the columns are %s", name, strings.Join(Columns, ", "))
	}
	return nil
}

// lineError is an error in a line.
type lineError struct {
	line int
	err  error
}

// Error returns the line and the cause.
func (e *lineError) Error() string { return fmt.Sprintf("line %d: %s", e.line, e.err) }

// Unwrap returns the cause.
func (e *lineError) Unwrap() error { return e.err }

// At returns an error in a line of the file.
func At(line int, format string, args ...any) error {
	return &lineError{line, fmt.Errorf(format, args...)}
}

// LineOf returns the line of an error, or 0 if it concerns the whole file.
func LineOf(err error) int {
	if e := (*lineError)(nil); errors.As(err, &e) {
		return e.line
	}
	return 0
}
