package line

import "errors"

// Values are the values of a reading by name: int64, float64, string, bool, nil, or flatjson.Nested.
type Values = map[string]any

// Format is a way to write readings.
type Format interface {
	// Decode returns the readings in a text, or an error if the text is not valid in this format.
	Decode(text []byte) ([]Values, error)
	// Starts returns the places after the first byte where another record may start, for a line that has lost a line end.
	Starts(text []byte) []Start
	// Delimited reports whether the format detects that a part of a record, its start or its end, is not a whole one.
	Delimited() bool
}

// Start is a place where a record may start.
type Start struct {
	At int
	// Weak is true if the place may also be inside a record. Then the record needs a valid checksum.
	Weak bool
}

// Record is one reading or position of a line.
type Record struct {
	Values Values
	// Checked is true if the record had a valid checksum.
	Checked bool
	// Position is true if the record is not a reading but the position of the station: the lat and lon of an NMEA sentence between
	// lines of another format, both nil if the GPS has no fix.
	Position bool
}

// The causes for which a line, or a part of it, is rejected. All other errors are syntax errors.
var (
	ErrChecksum = errors.New("invalid checksum")
	ErrFused    = errors.New("not one whole record")
)
