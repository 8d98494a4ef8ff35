// Package serialport finds, takes, opens and reads a station's serial port: a device of this computer or one that ser2net shares.
//
// finder.go and usb.go tell the path; take.go makes sure that nobody else has the port (holder.go tells who does, console.go
// whether it is the system's own); open.go sets it; local.go and network.go read it; explain.go tells the user what to do.
// ports.go lists the ports that are there and check.go tells whether one could be opened, without opening any.
// No port but the configured one is ever opened: a library's list of ports opens all of them, at 9600 8N1.
package serialport

import (
	"errors"
	"io"
	"time"
)

// Port is an open port.
type Port interface {
	// Read returns (0, nil) when nothing came until the deadline. Its errors wrap ErrLost and name the port.
	io.ReadCloser
	// SetReadDeadline says how long reads wait, the one under way included; the zero time, as at first, is for ever.
	SetReadDeadline(until time.Time) error
	// Reset reboots the board by a pulse on DTR. It returns ErrNoReset where there is no such line.
	Reset() error
	// LineErrors are the driver's counters since the system's start; ok is false where it has none.
	LineErrors() (errors LineErrors, ok bool)
}

// LineErrors count bytes that did not arrive well.
type LineErrors struct {
	Framing int64 // bytes without a stop bit: mostly a wrong baud rate, else a bad cable
	Overrun int64 // bytes lost because the computer did not fetch them in time
	Parity  int64 // bytes with a wrong parity bit
}

// Reset says whether opening a port may reboot the board, as it does on an Uno, Nano and Mega.
type Reset string

// The values of an option `reset_on_open`.
const (
	// ResetAuto leaves the board running where the system allows that. The watchdog may reset it.
	ResetAuto Reset = "auto"
	// ResetNever is that, and the watchdog may not.
	ResetNever Reset = "never"
	// ResetAlways reboots it each time.
	ResetAlways Reset = "always"
)

var (
	// ErrLost is wrapped by the errors of a port that went away while it was read.
	ErrLost = errors.New("the port was lost")
	// ErrUnreachable is wrapped by the errors of a network port that nobody answers.
	ErrUnreachable = errors.New("cannot connect")
	// ErrNoReset says that a port has no DTR line.
	ErrNoReset = errors.New("this port has no DTR line")
)

// System is where the kernel shows devices and processes.
type System struct {
	// Sys, Proc and Dev are "/sys", "/proc" and "/dev" but in tests.
	Sys, Proc, Dev string
}

// ThisSystem is the computer that this runs on.
func ThisSystem() System { return System{Sys: "/sys", Proc: "/proc", Dev: "/dev"} }
