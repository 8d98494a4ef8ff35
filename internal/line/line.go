// Package line reads what a station prints: lines, each a reading, with or without a checksum.
//
// The way of the bytes: splitter.go (lines) -> decoder.go (checksum.go, fused.go) -> a Format (json.go, csv.go, keyvalue.go, nmea.go)
// -> values by name. It knows neither the schema nor Telegraf. The README of inputs.arduino_serial describes the form for
// whoever writes a sender.
package line

import "errors"

// Values are what a reading has, by name: int64, float64, string, bool, nil or flatjson.Nested.
type Values = map[string]any

// Format is a way to write a reading.
type Format interface {
	// Decode returns the readings that the text is, or an error that tells why it is none.
	Decode(text []byte) ([]Values, error)
	// Starts tells where behind its beginning another record may start in a line that has lost a line end.
	Starts(text []byte) []Start
	// Delimited says that a part of a record, its beginning or its end, can never pass as a whole one.
	Delimited() bool
}

// Start is a place where a record may start.
type Start struct {
	At int
	// Weak is a place that may as well be inside a record: only a good checksum tells.
	Weak bool
}

// Record is a reading of a line.
type Record struct {
	Values Values
	// Checked says that a checksum stood over it.
	Checked bool
	// Position says that it is no reading, but where the station is now: the lat and lon of an NMEA sentence among lines of
	// another format, both nil if the GPS has no fix.
	Position bool
}

// The causes for which a line, or a part of it, is rejected; any other error is one of syntax.
var (
	ErrChecksum = errors.New("wrong checksum")
	ErrFused    = errors.New("a part of a line without its end")
)
