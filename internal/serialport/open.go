package serialport

import (
	"context"
	"errors"
	"strings"
	"syscall"

	"go.bug.st/serial"
	"golang.org/x/sys/unix"
)

// Open opens a device or a network port. Its errors tell the user what to do.
func (s System) Open(ctx context.Context, path string, mode *serial.Mode, reset Reset) (Port, error) {
	if address, ok := strings.CutPrefix(path, tcpScheme); ok {
		return dial(ctx, address)
	}
	port, err := s.openLocal(path, mode, reset)
	if err != nil {
		return nil, s.explain(path, err)
	}
	return port, nil
}

func (s System) openLocal(path string, mode *serial.Mode, reset Reset) (*localPort, error) {
	if s.IsConsole(path) {
		return nil, errConsole
	}
	port, err := s.take(path)
	if err != nil {
		return nil, err
	}
	if err := port.prepare(mode, reset); err != nil {
		return nil, errors.Join(err, port.Close())
	}
	return port, nil
}

func (p *localPort) prepare(mode *serial.Mode, reset Reset) error {
	if reset != ResetAlways {
		if err := p.keepDTR(); err != nil {
			return err
		}
	}
	if err := p.configure(mode); err != nil {
		return err
	}
	if reset != ResetAlways {
		return nil
	}
	if err := p.Reset(); err != nil && !errors.Is(err, ErrNoReset) {
		return err
	}
	return nil
}

// keepDTR clears HUPCL, so that the kernel leaves DTR on when the port is closed. A board with auto-reset reboots when DTR
// goes from off to on: now only when the port is opened for the first time after the board was plugged in.
func (p *localPort) keepDTR() error {
	settings, err := unix.IoctlGetTermios(p.descriptor, unix.TCGETS)
	if err != nil || settings.Cflag&unix.HUPCL == 0 {
		return err
	}
	settings.Cflag &^= unix.HUPCL
	return unix.IoctlSetTermios(p.descriptor, unix.TCSETS, settings)
}

// configure lets the serial library set baud rate and framing, which it knows how to do for any rate. It can do so only by
// opening the port once more: TIOCEXCL is off for that moment, the lock stays. Its descriptor is closed at once. To read from it
// would be a trap: it waits with select, which panics where an agent has more than 1023 files open; and it is opened without
// O_CLOEXEC, so a program that Telegraf starts (inputs.exec) would hold the port's name after an unplug. Hence the lock
// against forks.
func (p *localPort) configure(mode *serial.Mode) error {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := unix.IoctlSetInt(p.descriptor, unix.TIOCNXCL, 0); err != nil {
		return err
	}
	library, err := serial.Open(p.path, mode)
	if err != nil {
		return err
	}
	return errors.Join(library.Close(), unix.IoctlSetInt(p.descriptor, unix.TIOCEXCL, 0))
}
