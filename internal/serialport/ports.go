package serialport

import (
	"cmp"
	"os"
	"path/filepath"
	"strings"
)

// USBPort is the serial port of a connected USB device.
type USBPort struct {
	// Path is the persistent name, e.g. "/dev/arduino-AAA111", or Device if there is none.
	Path string
	// Device is the kernel name, e.g. "/dev/ttyACM0".
	Device string
	// Board is the manufacturer and product name of the device, e.g. "Arduino Uno"; it may be empty.
	Board string
}

// Ports lists the serial ports of USB devices, sorted by kernel name. It opens none of them, which would reboot boards and
// disturb other programs.
func (s System) Ports() []USBPort {
	entries, err := os.ReadDir(filepath.Join(s.Sys, "class/tty"))
	if err != nil {
		return nil
	}
	var ports []USBPort
	for _, entry := range entries {
		usb := s.usbDevice(entry.Name())
		device := filepath.Join(s.Dev, entry.Name())
		if _, err := os.Stat(device); usb == "" || err != nil {
			continue
		}
		board := strings.TrimSpace(attribute(usb, "manufacturer") + " " + attribute(usb, "product"))
		ports = append(ports, USBPort{Path: cmp.Or(s.persistentName(device), device), Device: device, Board: board})
	}
	return ports
}

// persistentName returns the name under which a device always appears, or "": the one from our udev rule, else the one with the
// serial number of the board, else, since clones have no serial number, the one of the USB socket.
func (s System) persistentName(device string) string {
	if link := s.linkTo(device, "arduino-*"); link != "" {
		return link
	}
	if attribute(s.usbDevice(filepath.Base(device)), "serial") != "" {
		return s.linkTo(device, "serial/by-id/*")
	}
	return s.linkTo(device, "serial/by-path/*")
}

// linkTo returns the link below /dev that matches a pattern and points to the device.
func (s System) linkTo(device, pattern string) string {
	links, _ := filepath.Glob(filepath.Join(s.Dev, pattern)) // the pattern is valid
	for _, link := range links {
		if target, err := filepath.EvalSymlinks(link); err == nil && target == device {
			return link
		}
	}
	return ""
}
