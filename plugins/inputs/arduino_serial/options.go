package arduino_serial

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"

	"github.com/influxdata/telegraf/config"
	"go.bug.st/serial"

	"github.com/telegraf-station/telegraf-station/internal/schema"
)

// Options are the user's.
type Options struct {
	Port     string `toml:"port"`
	BaudRate int    `toml:"baud_rate"`
	Framing  string `toml:"framing"`

	DeviceID string    `toml:"device_id"`
	Site     string    `toml:"site"`
	Index    string    `toml:"index"`
	Type     string    `toml:"type"`
	Location []float64 `toml:"location"`
	Schema   string    `toml:"schema"`

	DataFormat    string      `toml:"data_format"`
	MaxLineLength config.Size `toml:"max_line_length"`

	SilenceTimeout      config.Duration `toml:"silence_timeout"`
	FirstReadingTimeout config.Duration `toml:"first_reading_timeout"`
	ReconnectInterval   config.Duration `toml:"reconnect_interval"`
}

// settings are the checked options.
type settings struct {
	finder         portFinder
	mode           *serial.Mode
	tags           map[string]string
	schema         *schema.Schema
	location       *schema.Location
	decoder        decoder
	maxLineLength  int
	silenceTimeout time.Duration
	reconnect      time.Duration
}

func (a *ArduinoSerial) check() (settings, error) {
	var s settings
	var err error
	if s.finder, err = newPortFinder(a.Port); err != nil {
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
	if a.MaxLineLength < 16 || a.MaxLineLength > 1<<20 {
		return s, fmt.Errorf(`option "max_line_length" must be between 16 bytes and 1 MiB (got %d)`, a.MaxLineLength)
	}
	s.maxLineLength = int(a.MaxLineLength)
	s.silenceTimeout, s.reconnect = time.Duration(a.SilenceTimeout), time.Duration(a.ReconnectInterval)
	return s, a.checkTimes()
}

func (a *ArduinoSerial) checkMode() (*serial.Mode, error) {
	if a.BaudRate < 50 || a.BaudRate > 4_000_000 {
		return nil, fmt.Errorf(`option "baud_rate" must be between 50 and 4000000, and the same as in the sketch's Serial.begin() (got %d)`, a.BaudRate)
	}
	parts := regexp.MustCompile(`^([5-8])([NEO])([12])$`).FindStringSubmatch(a.Framing)
	if parts == nil {
		return nil, fmt.Errorf(`option "framing" must be data bits 5-8, parity N, E or O, stop bits 1 or 2, as in "8N1" (got %q)`, a.Framing)
	}
	mode := &serial.Mode{BaudRate: a.BaudRate, DataBits: int(parts[1][0] - '0'), StopBits: serial.OneStopBit}
	mode.Parity = map[string]serial.Parity{"N": serial.NoParity, "E": serial.EvenParity, "O": serial.OddParity}[parts[2]]
	if parts[3] == "2" {
		mode.StopBits = serial.TwoStopBits
	}
	return mode, nil
}

// topicPart is Kafka's own rule for a topic name, less "_", which separates the parts.
var topicPart = regexp.MustCompile(`^[A-Za-z0-9.-]+$`)

func (a *ArduinoSerial) checkTags() (map[string]string, error) {
	if a.DeviceID == "" {
		return nil, errors.New(`option "device_id" is missing: it names this station's Arduino, e.g. device_id = "RaspberryPi"`)
	}
	if strings.ContainsFunc(a.DeviceID, func(r rune) bool { return unicode.IsControl(r) || r == unicode.ReplacementChar }) {
		return nil, fmt.Errorf(`option "device_id" must not contain control characters or invalid UTF-8 (got %q)`, a.DeviceID)
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
		return fmt.Errorf("option %q is missing: site, index and type make the topic's name, e.g. JNU_1_rasp", option)
	case strings.Contains(value, "_"):
		return fmt.Errorf(`option %q must not contain "_": it separates the parts of the topic name (got %q)`, option, value)
	case !topicPart.MatchString(value):
		return fmt.Errorf(`option %q must consist of the letters A-Z and a-z, digits, "." and "-": it is part of the topic name (got %q)`, option, value)
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

func (a *ArduinoSerial) checkTimes() error {
	for _, option := range []struct {
		name  string
		value config.Duration
	}{{"silence_timeout", a.SilenceTimeout}, {"first_reading_timeout", a.FirstReadingTimeout}, {"reconnect_interval", a.ReconnectInterval}} {
		if option.value <= 0 {
			return fmt.Errorf("option %q must be more than 0 (got %s)", option.name, time.Duration(option.value))
		}
	}
	return nil
}
