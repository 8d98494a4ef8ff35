package arduino_serial

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/influxdata/telegraf/config"
	"go.bug.st/serial"

	"github.com/telegraf-station/telegraf-station/internal/line"
	"github.com/telegraf-station/telegraf-station/internal/record"
	"github.com/telegraf-station/telegraf-station/internal/schema"
	"github.com/telegraf-station/telegraf-station/internal/serialport"
)

// Options are the options in telegraf.conf.
type Options struct {
	Port        string `toml:"port"`
	BaudRate    int    `toml:"baud_rate"`
	Framing     string `toml:"framing"`
	ResetOnOpen string `toml:"reset_on_open"`

	DeviceID string    `toml:"device_id"`
	Site     string    `toml:"site"`
	Index    string    `toml:"index"`
	Type     string    `toml:"type"`
	Location []float64 `toml:"location"`
	Schema   string    `toml:"schema"`

	LineFormat    string      `toml:"line_format"`
	Columns       []string    `toml:"columns"`
	DataFormat    string      `toml:"data_format"`
	Checksum      string      `toml:"checksum"`
	MaxLineLength config.Size `toml:"max_line_length"`

	SilenceTimeout      config.Duration `toml:"silence_timeout"`
	FirstReadingTimeout config.Duration `toml:"first_reading_timeout"`
	ReconnectInterval   config.Duration `toml:"reconnect_interval"`

	CaptureFile string      `toml:"capture_file"`
	CaptureSize config.Size `toml:"capture_size"`

	Boards []Board `toml:"board"`
}

// The values of the option `checksum`.
const (
	checksumOptional = "optional"
	checksumRequired = "required"
)

// settings are the checked options of a board.
type settings struct {
	system         serialport.System
	find           serialport.Finder
	mode           *serial.Mode
	reset          serialport.Reset
	tags           map[string]string
	schema         *schema.Schema
	location       *schema.Location
	decoder        *line.Decoder
	maxLineLength  int
	silenceTimeout time.Duration
	reconnect      time.Duration
	captureFile    string
	captureSize    int64
	framing        string
	network        bool // the port is on another computer, which sets baud rate and framing
	lineFormat     string
	parsed         bool   // by a Telegraf parser instead of lineFormat
	logPrefix      string // the board, if a section has several
}

// check returns the settings of each board.
func (a *ArduinoSerial) check() ([]settings, error) {
	boards, err := a.boards()
	if err != nil {
		return nil, err
	}
	var all []settings
	for i, board := range boards {
		checked, err := board.checkBoard()
		switch {
		case err != nil && len(boards) > 1:
			return nil, fmt.Errorf("board %d: %w", i+1, err)
		case err != nil:
			return nil, err
		case len(boards) > 1:
			checked.logPrefix = checked.tags[schema.DeviceID] + ": "
		}
		all = append(all, checked)
	}
	return all, nil
}

func (a *ArduinoSerial) checkBoard() (settings, error) {
	s := settings{
		system: serialport.ThisSystem(), reset: serialport.Reset(a.ResetOnOpen),
		maxLineLength: int(a.MaxLineLength), silenceTimeout: time.Duration(a.SilenceTimeout), reconnect: time.Duration(a.ReconnectInterval),
		captureFile: a.CaptureFile, captureSize: int64(a.CaptureSize), framing: a.Framing, network: serialport.IsNetwork(a.Port), lineFormat: a.LineFormat, parsed: a.DataFormat != "",
	}
	var err error
	if s.find, err = s.system.NewFinder(a.Port); err != nil {
		return s, err
	}
	if s.mode, err = a.checkMode(); err != nil {
		return s, err
	}
	if s.tags, err = a.checkTags(); err != nil {
		return s, err
	}
	if s.location, err = checkLocation(a.Location); err != nil {
		return s, err
	}
	if s.schema, err = schema.Load(a.Schema); err != nil {
		return s, err
	}
	if s.decoder, err = a.checkDecoder(); err != nil {
		return s, err
	}
	return s, errors.Join(a.checkChoices(), a.checkTimes(), a.checkCapture())
}

func (a *ArduinoSerial) checkMode() (*serial.Mode, error) {
	if a.BaudRate < 50 || a.BaudRate > 4_000_000 {
		return nil, fmt.Errorf(`option "baud_rate" must be between 50 and 4000000, and the same as in the sketch's Serial.begin() (got %d)`, a.BaudRate)
	}
	parts := regexp.MustCompile(`^([5-8])([NEO])([12])$`).FindStringSubmatch(a.Framing)
	if parts == nil {
		return nil, fmt.Errorf(`option "framing" must be data bits 5-8, parity N, E, or O, stop bits 1 or 2, as in "8N1" (got %q)`, a.Framing)
	}
	mode := &serial.Mode{BaudRate: a.BaudRate, DataBits: int(parts[1][0] - '0'), StopBits: serial.OneStopBit}
	mode.Parity = map[string]serial.Parity{"N": serial.NoParity, "E": serial.EvenParity, "O": serial.OddParity}[parts[2]]
	if parts[3] == "2" {
		mode.StopBits = serial.TwoStopBits
	}
	return mode, nil
}

func (a *ArduinoSerial) checkTags() (map[string]string, error) {
	if a.DeviceID == "" {
		return nil, errors.New(`option "device_id" is required; it names the board, e.g. device_id = "RaspberryPi"`)
	}
	if err := schema.CheckDeviceID(a.DeviceID); err != nil {
		return nil, fmt.Errorf(`option "device_id" %w`, err)
	}
	tags := map[string]string{schema.DeviceID: a.DeviceID}
	for _, part := range []struct{ name, value string }{{"site", a.Site}, {"index", a.Index}, {"type", a.Type}} {
		if err := checkTopicPart(part.name, part.value); err != nil {
			return nil, err
		}
		tags[part.name] = part.value
	}
	return tags, nil
}

func checkTopicPart(option, value string) error {
	switch {
	case value == "":
		return fmt.Errorf("option %q is required; site, index, and type form the topic name, e.g. JNU_1_rasp", option)
	case strings.Contains(value, "_"):
		return fmt.Errorf(`option %q must not contain "_": it separates the parts of the topic name (got %q)`, option, value)
	case !record.IsTopicPart(value):
		return fmt.Errorf(`option %q must consist of the letters A-Z and a-z, digits, ".", and "-"; it is part of the topic name (got %q)`, option, value)
	}
	return nil
}

func checkLocation(location []float64) (*schema.Location, error) {
	if len(location) == 0 {
		return nil, nil
	}
	if len(location) != 2 || !(location[0] >= -90 && location[0] <= 90) || !(location[1] >= -180 && location[1] <= 180) {
		return nil, fmt.Errorf(`option "location" must be [latitude, longitude] in degrees, -90..90 and -180..180 (got %v)`, location)
	}
	return &schema.Location{Lat: location[0], Lon: location[1]}, nil
}

func (a *ArduinoSerial) checkDecoder() (*line.Decoder, error) {
	format, err := a.checkFormat()
	return &line.Decoder{Format: format, ChecksumRequired: a.Checksum == checksumRequired}, err
}

func (a *ArduinoSerial) checkChoices() error {
	switch serialport.Reset(a.ResetOnOpen) {
	case serialport.ResetAuto, serialport.ResetNever, serialport.ResetAlways:
	default:
		return fmt.Errorf(`option "reset_on_open" must be "auto", "never", or "always" (got %q)`, a.ResetOnOpen)
	}
	if a.Checksum != checksumOptional && a.Checksum != checksumRequired {
		return fmt.Errorf(`option "checksum" must be "optional" or "required" (got %q)`, a.Checksum)
	}
	if a.MaxLineLength < 16 || a.MaxLineLength > 1<<20 {
		return fmt.Errorf(`option "max_line_length" must be between 16 bytes and 1 MiB (got %d)`, a.MaxLineLength)
	}
	return nil
}

func (a *ArduinoSerial) checkTimes() error {
	for _, option := range []struct {
		name  string
		value config.Duration
	}{{"silence_timeout", a.SilenceTimeout}, {"first_reading_timeout", a.FirstReadingTimeout}, {"reconnect_interval", a.ReconnectInterval}} {
		if option.value <= 0 {
			return fmt.Errorf("option %q must be greater than 0 (got %s)", option.name, time.Duration(option.value))
		}
	}
	return nil
}

func (a *ArduinoSerial) checkCapture() error {
	if a.CaptureFile != "" && !filepath.IsAbs(a.CaptureFile) {
		return fmt.Errorf(`option "capture_file" must be an absolute path, e.g. "/var/tmp/station.capture" (got %q)`, a.CaptureFile)
	}
	if a.CaptureSize < 64<<10 || a.CaptureSize > 1<<30 {
		return fmt.Errorf(`option "capture_size" must be between 64 KiB and 1 GiB (got %d)`, a.CaptureSize)
	}
	return nil
}
