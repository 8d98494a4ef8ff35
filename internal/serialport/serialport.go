// Package serialport opens and reads the serial port of a board: a device of this computer, or a port that ser2net shares.
//
// find.go resolves the option `port` to a path, and open.go opens that path: console.go and lock.go ensure that no other program
// uses the port (process.go finds the one that does), then open.go sets baud rate and framing. local.go and network.go read the
// bytes. advice.go adds the fix to each error.
// ports.go lists the connected ports, and check.go checks whether a user could open one; neither opens any port.
//
// Only the configured port is ever opened. (The port list of go.bug.st/serial opens every port, at 9600 8N1.)
package serialport

import (
	"errors"
	"io"
	"time"
)

// Port is an open port.
type Port interface {
	// Read returns (0, nil) when the deadline passes. Its errors wrap ErrLost and name the port.
	io.ReadCloser
	// SetReadDeadline limits how long reads wait, including one in progress. The zero time, the initial value, means no limit.
	SetReadDeadline(until time.Time) error
	// Reset reboots the board with a pulse on DTR. It returns ErrNoReset if the port has no DTR line.
	Reset() error
	// LineErrors returns the counters of the driver since the system was started; ok is false if it has none.
	LineErrors() (errors LineErrors, ok bool)
}

// LineErrors counts bytes that were damaged or lost before they could be read.
type LineErrors struct {
	Framing int64 // bytes without a stop bit: usually a wrong baud rate, otherwise a bad cable
	Overrun int64 // bytes lost because the computer did not read them in time
	Parity  int64 // bytes with a wrong parity bit
}

// Reset is whether opening a port may reboot the board, which an Uno, Nano, or Mega does when DTR is switched on.
type Reset string

// The values of the option `reset_on_open`.
const (
	// ResetAuto keeps the board running if the system allows that. The watchdog may reset it.
	ResetAuto Reset = "auto"
	// ResetNever does the same, and the watchdog must not reset the board.
	ResetNever Reset = "never"
	// ResetAlways reboots the board on every open.
	ResetAlways Reset = "always"
)

var (
	// ErrLost is wrapped by the errors of a port that disappeared while it was read.
	ErrLost = errors.New("port lost")
	// ErrUnreachable is wrapped by the errors of a network port that does not answer.
	ErrUnreachable = errors.New("cannot connect")
	// ErrNoReset is returned when a port has no DTR line.
	ErrNoReset = errors.New("this port has no DTR line")
)

// System names the directories in which the kernel shows devices and processes.
type System struct {
	// Sys, Proc, and Dev are "/sys", "/proc", and "/dev", except in tests.
	Sys, Proc, Dev string
}

// ThisSystem returns the directories of this computer.
func ThisSystem() System { return System{Sys: "/sys", Proc: "/proc", Dev: "/dev"} }
