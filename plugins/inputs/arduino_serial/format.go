package arduino_serial

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/plugins/parsers/influx"

	"github.com/telegraf-station/telegraf-station/internal/line"
)

// The values of the option `line_format`.
const (
	formatJSON     = "json"
	formatCSV      = "csv"
	formatKeyValue = "key_value"
	formatNMEA     = "nmea"
)

// influxFormat is what Telegraf takes for the data_format of a plugin that names none.
const influxFormat = "influx"

// UnmarshalTOML reads the options so that a misspelled one is an error.
//
// Telegraf counts an option as misspelled if neither the plugin nor its parser knows it. But reading options into the influx
// parser, which it takes where data_format is not set, fails at our option `type`, in every second run before the misspelled
// one was looked at (Parser.Type in plugins/parsers/influx is marked "not from TOML", and a table has no order). So the
// parser's options count only where another data_format is set.
func (a *ArduinoSerial) UnmarshalTOML(decode func(any) error) error {
	var given map[string]any
	if err := decode(&given); err != nil {
		return err
	}
	switch given["data_format"] {
	case nil, influxFormat:
		return decode(&a.Options)
	}
	return decode((*optionsBesideParser)(&a.Options))
}

// optionsBesideParser shows Telegraf, by being an input, that an option which is not ours may be the parser's.
type optionsBesideParser Options

// SampleConfig makes it an input.
func (*optionsBesideParser) SampleConfig() string { return "" }

// Gather makes it an input.
func (*optionsBesideParser) Gather(telegraf.Accumulator) error { return nil }

// checkFormat makes what reads the lines; each board needs its own, since a format may keep what came before.
func (a *ArduinoSerial) checkFormat() (line.Format, error) {
	switch {
	case a.DataFormat != "" && a.LineFormat != formatJSON:
		return nil, errors.New(`options "line_format" and "data_format" exclude each other: set one of them`)
	case a.LineFormat != formatCSV && len(a.Columns) > 0:
		return nil, errors.New(`option "columns" names the values of line_format = "csv": set that, or leave columns out`)
	case a.DataFormat != "":
		return a.checkParser()
	}
	switch a.LineFormat {
	case formatJSON:
		return line.JSON{}, nil
	case formatCSV:
		return line.CSV{Columns: a.Columns}, checkColumns(a.Columns)
	case formatKeyValue:
		return line.KeyValue{}, nil
	case formatNMEA:
		return &line.NMEA{}, nil
	}
	return nil, fmt.Errorf(`option "line_format" must be "json", "csv", "key_value" or "nmea" (got %q)`, a.LineFormat)
}

func checkColumns(columns []string) error {
	if len(columns) == 0 {
		return errors.New(`option "columns" is missing: it names the values of a line in their order, e.g. columns = ["alcohol_gas", "co_gas", "temp"]`)
	}
	for i, column := range columns {
		if strings.TrimSpace(column) == "" || slices.Contains(columns[:i], column) {
			return fmt.Errorf(`option "columns" must name each value once (got %q)`, columns)
		}
	}
	return nil
}

func (a *ArduinoSerial) checkParser() (line.Format, error) {
	if a.DataFormat == influxFormat { // made here, as its parser cannot read our options
		parser := &influx.Parser{}
		return parserFormat{parser}, parser.Init()
	}
	parser, err := a.newParser()
	if err != nil {
		return nil, fmt.Errorf(`option "data_format": %w`, err)
	}
	return parserFormat{parser}, nil
}

// parserFormat reads lines with one of Telegraf's parsers; each of its metrics is a reading.
// Their names, tags and times are not used: the options name the station and arrival is the time.
type parserFormat struct {
	parser telegraf.Parser
}

// Decode is as line.Format says.
func (p parserFormat) Decode(text []byte) ([]line.Values, error) {
	metrics, err := p.parser.Parse(text)
	if err != nil {
		return nil, err
	}
	if len(metrics) == 0 {
		return nil, errors.New("no reading in it")
	}
	readings := make([]line.Values, 0, len(metrics))
	for _, metric := range metrics {
		readings = append(readings, metric.Fields())
	}
	return readings, nil
}

// Starts are not known of a parser.
func (parserFormat) Starts([]byte) []line.Start { return nil }

// Delimited is not known of a parser.
func (parserFormat) Delimited() bool { return false }

// guess tells which line_format a line looks like that this one could not read, "" for none.
func guess(text []byte) string {
	for _, candidate := range []struct {
		name   string
		format line.Format
	}{{formatJSON, line.JSON{}}, {formatKeyValue, line.KeyValue{}}, {formatNMEA, &line.NMEA{}}} {
		decoder := line.Decoder{Format: candidate.format}
		if records, err := decoder.Decode(text); err == nil && len(records) > 0 {
			return candidate.name
		}
	}
	columns := make([]string, strings.Count(string(text), ",")+1)
	for i := range columns {
		columns[i] = fmt.Sprint(i)
	}
	decoder := line.Decoder{Format: line.CSV{Columns: columns}}
	if records, err := decoder.Decode(text); err == nil && len(records) > 0 {
		return formatCSV
	}
	return ""
}
