package arduino_serial

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"
)

// portFinder tells the path of the port, anew before each opening: a board may come back under another name.
type portFinder interface {
	find() (string, error)
}

// newPortFinder takes the value of the option `port`: a path, a glob, usb:VENDOR:PRODUCT[:SERIAL] or tcp://host:port.
func newPortFinder(option string) (portFinder, error) {
	switch {
	case option == "":
		return nil, errors.New(`option "port" is missing: it says where the Arduino is, e.g. port = "/dev/ttyACM0" ("ls /dev/serial/by-id" shows the ports that are there)`)
	case strings.HasPrefix(option, tcpScheme):
		return newTCPFinder(option)
	case strings.HasPrefix(option, usbScheme):
		return newUSBFinder(option)
	case !filepath.IsAbs(option):
		return nil, fmt.Errorf(`option "port" must be a path like "/dev/ttyACM0", a glob like "/dev/serial/by-id/usb-Arduino*", "usb:2341:0043" or "tcp://host:port" (got %q)`, option)
	case strings.ContainsAny(option, "*?["):
		return newGlobFinder(option)
	}
	return fixedPort(option), nil
}

const tcpScheme = "tcp://"

func newTCPFinder(option string) (portFinder, error) {
	if host, port, err := net.SplitHostPort(strings.TrimPrefix(option, tcpScheme)); err != nil || host == "" || port == "" {
		return nil, fmt.Errorf(`option "port": a network port is written "tcp://host:port" (got %q)`, option)
	}
	return fixedPort(option), nil
}

// fixedPort is a port with one name.
type fixedPort string

func (f fixedPort) find() (string, error) { return string(f), nil }

// globFinder finds the one port that matches a pattern.
type globFinder string

func newGlobFinder(pattern string) (portFinder, error) {
	if _, err := filepath.Match(pattern, ""); err != nil {
		return nil, fmt.Errorf(`option "port": %w (got %q)`, err, pattern)
	}
	return globFinder(pattern), nil
}

func (g globFinder) find() (string, error) {
	paths, err := filepath.Glob(string(g))
	if err != nil {
		return "", fmt.Errorf("port %q: %w", string(g), err)
	}
	return one(string(g), paths)
}

// one refuses to choose among several ports: the wrong board would be read under this station's name.
func one(option string, paths []string) (string, error) {
	switch len(paths) {
	case 0:
		return "", fmt.Errorf(`port %q: no such device: is the Arduino plugged in? ("ls /dev/serial/by-id" shows the ports that are there)`, option)
	case 1:
		return paths[0], nil
	}
	slices.Sort(paths)
	return "", fmt.Errorf("port %q: more than one matches (%s): name one of them", option, strings.Join(paths, ", "))
}
