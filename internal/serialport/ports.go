package serialport

import (
	"os"
	"path/filepath"
	"strings"
)

// Found is a serial port of a USB device that is plugged in.
type Found struct {
	// Path is the name that stays the same, e.g. "/dev/arduino-AAA111"; the kernel's if there is no such name.
	Path string
	// Device is the kernel's name, e.g. "/dev/ttyACM0".
	Device string
	// Board is what the device calls itself, e.g. "Arduino Uno"; it may be empty.
	Board string
}

// Ports lists the serial ports of USB devices, in the order of their names. It opens none of them: that would reboot boards and
// disturb other programs.
func (s System) Ports() []Found {
	entries, err := os.ReadDir(filepath.Join(s.Sys, "class/tty"))
	if err != nil {
		return nil
	}
	var ports []Found
	for _, entry := range entries {
		usb := usbDevice(filepath.Join(s.Sys, "class/tty", entry.Name()))
		device := filepath.Join(s.Dev, entry.Name())
		if _, err := os.Stat(device); usb == "" || err != nil {
			continue
		}
		path := s.lastingName(device)
		if path == "" {
			path = device
		}
		board := strings.TrimSpace(attribute(usb, "manufacturer") + " " + attribute(usb, "product"))
		ports = append(ports, Found{Path: path, Device: device, Board: board})
	}
	return ports
}

// lastingName is the name of a device that stays the same, "" if there is none: the one of our udev rule; or that of the board, by
// its serial number; or that of the socket it is plugged into, since clones have no number.
func (s System) lastingName(device string) string {
	if link := s.linkTo(device, "arduino-*"); link != "" {
		return link
	}
	if attribute(usbDevice(filepath.Join(s.Sys, "class/tty", filepath.Base(device))), "serial") != "" {
		return s.linkTo(device, "serial/by-id/*")
	}
	return s.linkTo(device, "serial/by-path/*")
}

// linkTo is the link below /dev that matches a pattern and leads to a device.
func (s System) linkTo(device, pattern string) string {
	links, _ := filepath.Glob(filepath.Join(s.Dev, pattern)) // the pattern is a good one
	for _, link := range links {
		if target, err := filepath.EvalSymlinks(link); err == nil && target == device {
			return link
		}
	}
	return ""
}
