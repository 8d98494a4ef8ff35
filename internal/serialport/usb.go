package serialport

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

const usbScheme = "usb:"

// usbFinder finds the one port of a USB device by reading sysfs.
type usbFinder struct {
	System
	option                  string
	vendor, product, serial string // an empty serial matches any
}

var usbOption = regexp.MustCompile(`^usb:([0-9A-Fa-f]{4}):([0-9A-Fa-f]{4})(?::(.+))?$`)

func (s System) newUSBFinder(option string) (Finder, error) {
	parts := usbOption.FindStringSubmatch(option)
	if parts == nil {
		return nil, fmt.Errorf(`option "port": a USB port is written "usb:VENDOR:PRODUCT" or "usb:VENDOR:PRODUCT:SERIAL" with the four hex digits that lsusb shows, e.g. "usb:2341:0043" (got %q)`, option)
	}
	return usbFinder{
		System: s, option: option, vendor: strings.ToLower(parts[1]), product: strings.ToLower(parts[2]), serial: parts[3],
	}, nil
}

func (u usbFinder) Find() (string, error) {
	entries, err := os.ReadDir(filepath.Join(u.Sys, "class/tty"))
	if err != nil {
		return "", fmt.Errorf("port %q: %w", u.option, err)
	}
	var paths []string
	for _, entry := range entries {
		if u.matches(usbDevice(filepath.Join(u.Sys, "class/tty", entry.Name()))) {
			paths = append(paths, filepath.Join(u.Dev, entry.Name()))
		}
	}
	return u.one(u.option, paths)
}

func (u usbFinder) matches(device string) bool {
	return device != "" && attribute(device, "idVendor") == u.vendor && attribute(device, "idProduct") == u.product &&
		(u.serial == "" || attribute(device, "serial") == u.serial)
}

// usbDevice is the folder of the USB device above a tty, "" if there is none: a tty hangs below an interface of the device,
// at a depth that differs among drivers (cdc_acm, usb-serial).
func usbDevice(tty string) string {
	folder, err := filepath.EvalSymlinks(filepath.Join(tty, "device"))
	if err != nil {
		return ""
	}
	for range 4 {
		if _, err := os.Stat(filepath.Join(folder, "idVendor")); err == nil {
			return folder
		}
		folder = filepath.Dir(folder)
	}
	return ""
}

func attribute(device, name string) string {
	text, err := os.ReadFile(filepath.Join(device, name)) //nolint:gosec // a file of sysfs
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}
