package serialport

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"
)

// Finder tells the path of the port. Ask it anew before each opening: a board may come back under another name.
type Finder interface {
	Find() (string, error)
}

// NewFinder takes the value of an option `port`: a path, a glob, usb:VENDOR:PRODUCT[:SERIAL] or tcp://host:port.
func (s System) NewFinder(option string) (Finder, error) {
	switch {
	case option == "":
		return nil, errors.New(`option "port" is missing: it says where the Arduino is, e.g. port = "/dev/ttyACM0" ("ls /dev/serial/by-id" shows the ports that are there)`)
	case IsNetwork(option):
		return newTCPFinder(option)
	case strings.HasPrefix(option, usbScheme):
		return s.newUSBFinder(option)
	case !filepath.IsAbs(option):
		return nil, fmt.Errorf(`option "port" must be a path like "/dev/ttyACM0", a glob like "/dev/serial/by-id/usb-Arduino*", "usb:2341:0043" or "tcp://host:port" (got %q)`, option)
	case strings.ContainsAny(option, "*?["):
		return s.newGlobFinder(option)
	}
	return fixedPort(option), nil
}

const tcpScheme = "tcp://"

// IsNetwork says that a port is on another computer.
func IsNetwork(path string) bool { return strings.HasPrefix(path, tcpScheme) }

func newTCPFinder(option string) (Finder, error) {
	if host, port, err := net.SplitHostPort(strings.TrimPrefix(option, tcpScheme)); err != nil || host == "" || port == "" {
		return nil, fmt.Errorf(`option "port": a network port is written "tcp://host:port" (got %q)`, option)
	}
	return fixedPort(option), nil
}

// fixedPort is a port with one name.
type fixedPort string

func (f fixedPort) Find() (string, error) { return string(f), nil }

// globFinder finds the one port that matches a pattern.
type globFinder struct {
	System
	pattern string
}

func (s System) newGlobFinder(pattern string) (Finder, error) {
	if _, err := filepath.Match(pattern, ""); err != nil {
		return nil, fmt.Errorf(`option "port": %w (got %q)`, err, pattern)
	}
	return globFinder{s, pattern}, nil
}

func (g globFinder) Find() (string, error) {
	paths, err := filepath.Glob(g.pattern)
	if err != nil {
		return "", fmt.Errorf("port %q: %w", g.pattern, err)
	}
	return g.one(g.pattern, paths)
}

// one refuses to choose among several ports: the wrong board would be read under this station's name.
func (s System) one(option string, paths []string) (string, error) {
	switch len(paths) {
	case 0:
		return "", fmt.Errorf(`port %q: no such device: is the Arduino plugged in? ("ls /dev/serial/by-id" shows the ports that are there)`, option)
	case 1:
		return paths[0], nil
	}
	slices.Sort(paths)
	for i, path := range paths {
		paths[i] = s.describe(path)
	}
	return "", fmt.Errorf("port %q: more than one matches: set port to one of them: %s", option, strings.Join(paths, ", "))
}

// describe adds to a path the name that stays the same.
func (s System) describe(path string) string {
	device, err := filepath.EvalSymlinks(path)
	if err != nil {
		return path
	}
	if link := s.lastingName(device); link != "" && link != path {
		return fmt.Sprintf("%s (always %s)", path, link)
	}
	return path
}
