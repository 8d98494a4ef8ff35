package serialport

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

var errBusy = errors.New("in use")

// openLocked opens a port for this process alone, before it changes any setting.
//
// TIOCEXCL locks out programs of other users, but not root (`sudo telegraf --test` next to the running service). Therefore the port
// is also locked with flock, which other programs see in /proc/locks, and TIOCGEXCL is checked, for root. Programs that use neither
// (minicom, cat) are found by their open files: they would receive half of the bytes.
func (s System) openLocked(path string) (*localPort, error) {
	descriptor, err := unix.Open(path, unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	p := &localPort{path: path, descriptor: descriptor, file: os.NewFile(uintptr(descriptor), path), switchDTR: switchDTR}
	if err := p.lock(s); err != nil {
		return nil, errors.Join(err, p.file.Close())
	}
	return p, nil
}

func (p *localPort) lock(s System) error {
	if _, err := unix.IoctlGetTermios(p.descriptor, unix.TCGETS); err != nil {
		return fmt.Errorf("%w: %w", errNoSerialPort, err)
	}
	if err := unix.Flock(p.descriptor, unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return fmt.Errorf("%w: %w", errBusy, err)
	}
	if exclusive, err := unix.IoctlGetInt(p.descriptor, unix.TIOCGEXCL); err == nil && exclusive != 0 {
		return errBusy
	}
	var status unix.Stat_t
	if err := unix.Fstat(p.descriptor, &status); err != nil {
		return err
	}
	if !isPty(status.Rdev) && len(s.openedBy(status.Rdev)) > 0 {
		return errBusy
	}
	return unix.IoctlSetInt(p.descriptor, unix.TIOCEXCL, 0)
}

// isPty reports whether a device is the slave of a pty (major numbers 136 to 143), which the program that created it may also
// have open.
func isPty(device uint64) bool {
	major := unix.Major(device)
	return major >= 136 && major <= 143
}
