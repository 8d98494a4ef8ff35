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

// influxFormat is the data_format that Telegraf assumes for a plugin that sets none.
const influxFormat = "influx"

// UnmarshalTOML reads the options so that a misspelled one is an error.
//
// Telegraf treats an option as misspelled if neither the plugin nor its parser has it. But without data_format it decodes the options into the
// influx parser, which fails at our option `type`, in every second run before the misspelled option is checked (Parser.Type in
// plugins/parsers/influx is marked "not from TOML", and a table has no order). So parser options are allowed only with another data_format.
func (a *ArduinoSerial) UnmarshalTOML(decode func(any) error) error {
	var given map[string]any
	if err := decode(&given); err != nil {
		return err
	}
	switch given["data_format"] {
	case nil, influxFormat:
		return decode(&a.Options)
	}
	return decode((*optionsWithParser)(&a.Options))
}

// optionsWithParser is an input, so that Telegraf allows unknown options, which may belong to the parser.
type optionsWithParser Options

// SampleConfig makes it an input.
func (*optionsWithParser) SampleConfig() string { return "" }

// Gather makes it an input.
func (*optionsWithParser) Gather(telegraf.Accumulator) error { return nil }

// checkFormat returns the decoder of the line format. Each board needs its own, because a format may keep earlier lines.
func (a *ArduinoSerial) checkFormat() (line.Format, error) {
	switch {
	case a.DataFormat != "" && a.LineFormat != formatJSON:
		return nil, errors.New(`options "line_format" and "data_format" are mutually exclusive; set only one of them`)
	case a.LineFormat != formatCSV && len(a.Columns) > 0:
		return nil, errors.New(`option "columns" requires line_format = "csv"; set that, or remove columns`)
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
	return nil, fmt.Errorf(`option "line_format" must be "json", "csv", "key_value", or "nmea" (got %q)`, a.LineFormat)
}

func checkColumns(columns []string) error {
	if len(columns) == 0 {
		return errors.New(`option "columns" is required; it names the values of a line in order, e.g. columns = ["alcohol_gas", "co_gas", "temp"]`)
	}
	for i, column := range columns {
		if strings.TrimSpace(column) == "" || slices.Contains(columns[:i], column) {
			return fmt.Errorf(`option "columns" must name each value once (got %q)`, columns)
		}
	}
	return nil
}

func (a *ArduinoSerial) checkParser() (line.Format, error) {
	if a.DataFormat == influxFormat { // created here, because its parser cannot decode our options
		parser := &influx.Parser{}
		return parserFormat{parser}, parser.Init()
	}
	parser, err := a.newParser()
	if err != nil {
		return nil, fmt.Errorf(`option "data_format": %w`, err)
	}
	return parserFormat{parser}, nil
}

// parserFormat decodes lines with a Telegraf parser. Each of its metrics is a reading. Names, tags, and times are ignored: the options name
// the station, and the time is that of arrival.
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
		return nil, errors.New("the parser found no reading")
	}
	readings := make([]line.Values, 0, len(metrics))
	for _, metric := range metrics {
		readings = append(readings, metric.Fields())
	}
	return readings, nil
}

// Starts returns none: a parser does not report them.
func (parserFormat) Starts([]byte) []line.Start { return nil }

// Delimited is false: a parser does not report it.
func (parserFormat) Delimited() bool { return false }

// guess returns the line_format that can decode the line, or "".
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
