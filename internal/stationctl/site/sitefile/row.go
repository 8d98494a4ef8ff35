// Package sitefile reads the rows of a file of sites. It knows columns, and not what may stand in them: so it needs little, and is fuzzed
// within seconds.
package sitefile

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Row is a site of a file as it stands there.
type Row struct {
	Line   int
	Values map[string]string // by the column; never empty
}

// Columns are those that a file may have, the first of which it must have.
var Columns = []string{"site", "index", "type", "partitions", "replication_factor", "retention", "max_message_bytes", "user"}

// Required is how many of the columns there must be.
const Required = 3

// readers read the rows of a file by the end of its name.
var readers = map[string]func(string) ([]Row, []error){".csv": readCSV, ".yaml": readYAML, ".yml": readYAML}

// Knows says that files with this end of their name can be read.
func Knows(ext string) bool { return readers[ext] != nil }

// Read tells of all that is wrong.
func Read(ext, text string) ([]Row, []error) { return readers[ext](text) }

// Missing says which of the columns that must be there has nothing.
func (r Row) Missing() error {
	for _, column := range Columns[:Required] {
		if r.Values[column] == "" {
			return fmt.Errorf("%s is missing", column)
		}
	}
	return nil
}

// checkColumn refuses what no column is called.
func checkColumn(name string) error {
	if !slices.Contains(Columns, name) {
		return fmt.Errorf("there is no column %q: there are %s", name, strings.Join(Columns, ", "))
	}
	return nil
}

// lineError is an error with the line that it is in.
type lineError struct {
	line int
	err  error
}

// Error begins with the line.
func (e *lineError) Error() string { return fmt.Sprintf("line %d: %s", e.line, e.err) }

// Unwrap is what is wrong.
func (e *lineError) Unwrap() error { return e.err }

// At is an error in a line of the file.
func At(line int, format string, args ...any) error {
	return &lineError{line, fmt.Errorf(format, args...)}
}

// LineOf is 0 for what is wrong with the whole file.
func LineOf(err error) int {
	if e := (*lineError)(nil); errors.As(err, &e) {
		return e.line
	}
	return 0
}
