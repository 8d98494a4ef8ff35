package arduino_serial

import (
	"errors"
	"fmt"
)

// Board is one of several boards in a plugin section. It inherits the options that it does not set.
type Board struct {
	Port        string    `toml:"port"`
	BaudRate    int       `toml:"baud_rate"`
	DeviceID    string    `toml:"device_id"`
	Site        string    `toml:"site"`
	Index       string    `toml:"index"`
	Type        string    `toml:"type"`
	Location    []float64 `toml:"location"`
	CaptureFile string    `toml:"capture_file"`
}

// boards returns the options of each board: the section's own, or those of its board tables.
func (a *ArduinoSerial) boards() ([]*ArduinoSerial, error) {
	if len(a.Boards) == 0 {
		return []*ArduinoSerial{a}, nil
	}
	if a.Port != "" || a.DeviceID != "" || a.CaptureFile != "" {
		return nil, errors.New(`options "port", "device_id", and "capture_file" differ for each board; set them only in the [[inputs.arduino_serial.board]] tables`)
	}
	ports, devices, captures := newUnique("port"), newUnique("device_id"), newUnique("capture_file")
	var all []*ArduinoSerial
	for _, board := range a.Boards {
		if err := errors.Join(ports.check(board.Port), devices.check(board.DeviceID), captures.check(board.CaptureFile)); err != nil {
			return nil, err
		}
		all = append(all, &ArduinoSerial{Options: board.inherit(a.Options), newParser: a.newParser})
	}
	return all, nil
}

// inherit returns the options of the section, overridden by those of the board.
func (b Board) inherit(section Options) Options {
	section.Port, section.DeviceID, section.CaptureFile = b.Port, b.DeviceID, b.CaptureFile
	for _, text := range []struct {
		to   *string
		from string
	}{{&section.Site, b.Site}, {&section.Index, b.Index}, {&section.Type, b.Type}} {
		if text.from != "" {
			*text.to = text.from
		}
	}
	if b.BaudRate != 0 {
		section.BaudRate = b.BaudRate
	}
	if len(b.Location) > 0 {
		section.Location = b.Location
	}
	return section
}

// unique rejects a value that two boards share: they would read each other's bytes, or look like one board.
type unique struct {
	option string
	used   map[string]bool
}

func newUnique(option string) unique { return unique{option, make(map[string]bool)} }

func (u unique) check(value string) error {
	if value != "" && u.used[value] {
		return fmt.Errorf("option %q must be different for each board (got %q twice)", u.option, value)
	}
	u.used[value] = true
	return nil
}

// EachBoard returns the options of each board, for a caller that checks a configuration and reads no board.
func (a *ArduinoSerial) EachBoard() ([]Options, error) {
	boards, err := a.boards()
	if err != nil {
		return nil, err
	}
	var all []Options
	for _, board := range boards {
		all = append(all, board.Options)
	}
	return all, nil
}
