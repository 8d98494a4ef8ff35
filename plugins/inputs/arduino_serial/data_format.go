package arduino_serial

import (
	"fmt"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/plugins/parsers/influx"
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

// checkDecoder makes the decoder of the lines.
func (a *ArduinoSerial) checkDecoder() (decoder, error) {
	switch a.DataFormat {
	case "":
		return jsonDecoder{}, nil
	case influxFormat: // made here, as its parser cannot read our options
		parser := &influx.Parser{}
		return parserDecoder{parser}, parser.Init()
	}
	parser, err := a.newParser()
	if err != nil {
		return nil, fmt.Errorf(`option "data_format": %w`, err)
	}
	return parserDecoder{parser}, nil
}
