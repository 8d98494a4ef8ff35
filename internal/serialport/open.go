package serialport

import (
	"context"
	"errors"
	"strings"
	"syscall"

	"go.bug.st/serial"
	"golang.org/x/sys/unix"
)

// Open opens a device or a network port. Its errors include the fix.
func (s System) Open(ctx context.Context, path string, mode *serial.Mode, reset Reset) (Port, error) {
	if address, ok := strings.CutPrefix(path, tcpScheme); ok {
		return dial(ctx, address)
	}
	port, err := s.openLocal(path, mode, reset)
	if err != nil {
		return nil, s.withAdvice(path, err)
	}
	return port, nil
}

func (s System) openLocal(path string, mode *serial.Mode, reset Reset) (*localPort, error) {
	if s.IsConsole(path) {
		return nil, errConsole
	}
	port, err := s.openLocked(path)
	if err != nil {
		return nil, err
	}
	if err := port.configure(mode, reset); err != nil {
		return nil, errors.Join(err, port.Close())
	}
	return port, nil
}

func (p *localPort) configure(mode *serial.Mode, reset Reset) error {
	if reset != ResetAlways {
		if err := p.keepDTR(); err != nil {
			return err
		}
		return p.setMode(mode)
	}
	if err := p.setMode(mode); err != nil {
		return err
	}
	if err := p.Reset(); err != nil && !errors.Is(err, ErrNoReset) {
		return err
	}
	return nil
}

// keepDTR clears HUPCL, so that the kernel leaves DTR on when the port is closed. A board with auto-reset reboots when DTR
// is switched on: with HUPCL cleared, only on the first open after the board was plugged in.
func (p *localPort) keepDTR() error {
	settings, err := unix.IoctlGetTermios(p.descriptor, unix.TCGETS)
	if err != nil || settings.Cflag&unix.HUPCL == 0 {
		return err
	}
	settings.Cflag &^= unix.HUPCL
	return unix.IoctlSetTermios(p.descriptor, unix.TCSETS, settings)
}

// setMode lets the serial library set baud rate and framing, because it supports any rate. The library can only do so by opening
// the port a second time: TIOCEXCL is off during that time, the lock stays. Its descriptor is then closed, because reading from it
// has two problems: the library waits with select, which panics if an agent has more than 1023 files open; and it opens
// without O_CLOEXEC, so a program that Telegraf starts (inputs.exec) would keep the port name in use after the board is unplugged.
// The latter is also why forks are locked out here.
func (p *localPort) setMode(mode *serial.Mode) error {
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
