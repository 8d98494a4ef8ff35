package arduino_serial

import (
	"errors"
	"fmt"
)

// Board is one of several boards of a plugin section. What it does not set it has from the section.
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
		return nil, errors.New(`options "port", "device_id" and "capture_file" belong to each board: set them in the [[inputs.arduino_serial.board]] tables only`)
	}
	ports, devices, captures := newOnce("port"), newOnce("device_id"), newOnce("capture_file")
	var all []*ArduinoSerial
	for _, board := range a.Boards {
		if err := errors.Join(ports.take(board.Port), devices.take(board.DeviceID), captures.take(board.CaptureFile)); err != nil {
			return nil, err
		}
		all = append(all, &ArduinoSerial{Options: board.over(a.Options), newParser: a.newParser})
	}
	return all, nil
}

// over is the section's options with the board's in their place.
func (b Board) over(section Options) Options {
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

// once refuses a value that two boards have: they would take each other's bytes, or look like one board.
type once struct {
	option string
	taken  map[string]bool
}

func newOnce(option string) once { return once{option, make(map[string]bool)} }

func (o once) take(value string) error {
	if value != "" && o.taken[value] {
		return fmt.Errorf("option %q must differ from board to board (got %q twice)", o.option, value)
	}
	o.taken[value] = true
	return nil
}

// EachBoard are the options of each board, for who looks at a configuration and reads no board.
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
