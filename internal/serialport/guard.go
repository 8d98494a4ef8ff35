package serialport

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// guard is a descriptor of the port that is opened before any setting of it changes, and closed last.
type guard struct {
	*os.File
	device    uint64 // the device's number
	exclusive bool
}

var errBusy = errors.New("in use")

// takeGuard makes sure that nobody else has the port. TIOCEXCL keeps other users' programs out, but not root's (`sudo telegraf
// --test` beside the running service), so there is a lock too, which other programs see in /proc/locks; and root is told by
// TIOCGEXCL. Programs that use neither (minicom, cat) are found by their open files: they would take half of the bytes away.
func (s System) takeGuard(path string) (*guard, error) {
	descriptor, err := unix.Open(path, unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	g := &guard{File: os.NewFile(uintptr(descriptor), path)}
	if err := g.take(s); err != nil {
		return nil, errors.Join(err, g.Close())
	}
	return g, nil
}

func (g *guard) take(s System) error {
	var status unix.Stat_t
	if err := unix.Fstat(int(g.Fd()), &status); err != nil {
		return err
	}
	g.device = status.Rdev
	if _, err := unix.IoctlGetTermios(int(g.Fd()), unix.TCGETS); err != nil {
		return fmt.Errorf("%w: %w", errNoSerialPort, err)
	}
	if err := unix.Flock(int(g.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return fmt.Errorf("%w: %w", errBusy, err)
	}
	if taken, err := unix.IoctlGetInt(int(g.Fd()), unix.TIOCGEXCL); err == nil && taken != 0 {
		return errBusy
	}
	if !isPseudo(g.device) && len(s.openedBy(g.device)) > 0 {
		return errBusy
	}
	g.exclusive = true
	return unix.IoctlSetInt(int(g.Fd()), unix.TIOCEXCL, 0)
}

// Close gives the port back, also where somebody else has it open by now and the kernel would keep TIOCEXCL.
func (g *guard) Close() error {
	if g.exclusive {
		_ = unix.IoctlSetInt(int(g.Fd()), unix.TIOCNXCL, 0) // it fails when the device is gone
	}
	return g.File.Close()
}

// isPseudo says that a device is the far side of a pty (major numbers 136 to 143). Whoever made it may have it open too.
func isPseudo(device uint64) bool {
	major := unix.Major(device)
	return major >= 136 && major <= 143
}

// letIn lets the serial library open the port beside the guard, for the moment until the library sets TIOCEXCL itself: it
// cannot take over an open descriptor. The lock stays.
func (g *guard) letIn() error { return unix.IoctlSetInt(int(g.Fd()), unix.TIOCNXCL, 0) }

// keepDTR clears HUPCL, so that the kernel leaves DTR on when the port is closed. A board with auto-reset reboots when DTR
// goes from off to on: now only when the port is opened for the first time after the board was plugged in.
func (g *guard) keepDTR() error {
	settings, err := unix.IoctlGetTermios(int(g.Fd()), unix.TCGETS)
	if err != nil {
		return err
	}
	if settings.Cflag&unix.HUPCL == 0 {
		return nil
	}
	settings.Cflag &^= unix.HUPCL
	return unix.IoctlSetTermios(int(g.Fd()), unix.TCSETS, settings)
}
