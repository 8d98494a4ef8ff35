package serialport

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

const (
	tcpScheme = "tcp://"
	usbScheme = "usb:"
)

// Finder resolves the path of a port. Call it before each open: a board may reappear under another name.
type Finder func() (path string, err error)

// NewFinder returns the finder for a value of the option `port`: a path, a glob, usb:VENDOR:PRODUCT[:SERIAL], or tcp://host:port.
func (s System) NewFinder(option string) (Finder, error) {
	switch {
	case option == "":
		return nil, errors.New(`option "port" is required, e.g. port = "/dev/ttyACM0"; list the ports with "ls /dev/serial/by-id"`)
	case IsNetwork(option):
		return networkFinder(option)
	case strings.HasPrefix(option, usbScheme):
		return s.usbFinder(option)
	case !filepath.IsAbs(option):
		return nil, fmt.Errorf(`option "port" must be a path like "/dev/ttyACM0", a glob like "/dev/serial/by-id/usb-Arduino*", "usb:2341:0043", or "tcp://host:port" (got %q)`, option)
	case strings.ContainsAny(option, "*?["):
		return s.globFinder(option)
	}
	return fixed(option), nil
}

func fixed(path string) Finder { return func() (string, error) { return path, nil } }

// IsNetwork reports whether a port belongs to another computer.
func IsNetwork(path string) bool { return strings.HasPrefix(path, tcpScheme) }

func networkFinder(option string) (Finder, error) {
	if host, port, err := net.SplitHostPort(strings.TrimPrefix(option, tcpScheme)); err != nil || host == "" || port == "" {
		return nil, fmt.Errorf(`option "port" must be "tcp://host:port" for a network port (got %q)`, option)
	}
	return fixed(option), nil
}

func (s System) globFinder(pattern string) (Finder, error) {
	if _, err := filepath.Match(pattern, ""); err != nil {
		return nil, fmt.Errorf(`option "port" must be a valid glob: %w (got %q)`, err, pattern)
	}
	return s.only(pattern, func() ([]string, error) { return filepath.Glob(pattern) }), nil
}

// only returns the finder for the single path that list returns. It does not choose among several, because the data of a wrong board would be
// stored under this device, unless one of them has been the single path before and was not unplugged since: then another board was added.
func (s System) only(option string, list func() ([]string, error)) Finder {
	var found os.FileInfo // of the last path; a port that is plugged in again is another file
	return func() (string, error) {
		paths, err := list()
		if err != nil {
			return "", fmt.Errorf("port %q: %w", option, err)
		}
		for _, path := range paths {
			if info, err := os.Stat(path); err == nil && found != nil && os.SameFile(info, found) {
				return path, nil
			}
		}
		switch len(paths) {
		case 0:
			return "", fmt.Errorf(`port %q: no such device; %s`, option, plugInAdvice)
		case 1:
			found, _ = os.Stat(paths[0]) // opening it reports an error
			return paths[0], nil
		}
		return "", s.ambiguous(option, paths)
	}
}

func (s System) ambiguous(option string, paths []string) error {
	slices.Sort(paths)
	for i, path := range paths {
		paths[i] = s.withPersistentName(path)
	}
	return fmt.Errorf("port %q: more than one port matches; set port to one of them: %s", option, strings.Join(paths, ", "))
}

func (s System) withPersistentName(path string) string {
	device, err := filepath.EvalSymlinks(path)
	if err != nil {
		return path
	}
	if link := s.persistentName(device); link != "" && link != path {
		return fmt.Sprintf("%s (persistent name %s)", path, link)
	}
	return path
}

var usbOption = regexp.MustCompile(`^usb:([0-9A-Fa-f]{4}):([0-9A-Fa-f]{4})(?::(.+))?$`)

func (s System) usbFinder(option string) (Finder, error) {
	parts := usbOption.FindStringSubmatch(option)
	if parts == nil {
		return nil, fmt.Errorf(`option "port" must be "usb:VENDOR:PRODUCT" or "usb:VENDOR:PRODUCT:SERIAL" for a USB port, with the four-digit IDs that lsusb shows, e.g. "usb:2341:0043" (got %q)`, option)
	}
	vendor, product, serial := strings.ToLower(parts[1]), strings.ToLower(parts[2]), parts[3]
	return s.only(option, func() (paths []string, err error) {
		entries, err := os.ReadDir(filepath.Join(s.Sys, "class/tty"))
		for _, entry := range entries {
			usb := s.usbDevice(entry.Name())
			if usb != "" && attribute(usb, "idVendor") == vendor && attribute(usb, "idProduct") == product && (serial == "" || attribute(usb, "serial") == serial) {
				paths = append(paths, filepath.Join(s.Dev, entry.Name()))
			}
		}
		return paths, err
	}), nil
}

// usbDevice returns the sysfs directory of the USB device that a tty belongs to, or "": the tty is below an interface of the
// device, at a depth that differs between drivers (cdc_acm, usb-serial).
func (s System) usbDevice(tty string) string {
	directory, err := filepath.EvalSymlinks(filepath.Join(s.Sys, "class/tty", tty, "device"))
	if err != nil {
		return ""
	}
	for range 4 {
		if _, err := os.Stat(filepath.Join(directory, "idVendor")); err == nil {
			return directory
		}
		directory = filepath.Dir(directory)
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
