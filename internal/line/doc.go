// Package line decodes the lines that a board prints into readings, with or without checksums.
//
// Bytes pass through these files in order:
//
//	splitter.go   bytes -> lines
//	decoder.go    line -> records: verifies the checksum (checksum.go), then calls the Format
//	json.go, csv.go, keyvalue.go, nmea.go
//	              text -> values by name; value.go reads the values of CSV and key=value
//	damaged.go    line that is not one record -> the whole records in it
//
// baud.go recognizes a wrong baud rate or framing by the bytes. The package depends on neither the schema nor Telegraf; nothing in it
// is safe for concurrent use. The README of inputs.arduino_serial describes the formats for the authors of sketches.
package line
