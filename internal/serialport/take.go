package serialport

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

var errBusy = errors.New("in use")

// take opens a port and makes sure that nobody else has it, before any setting of it changes. TIOCEXCL keeps other users'
// programs out, but not root's (`sudo telegraf --test` beside the running service), so there is a lock too, which other programs
// see in /proc/locks; and root is told by TIOCGEXCL. Programs that use neither (minicom, cat) are found by their open files: they
// would take half of the bytes away.
func (s System) take(path string) (*localPort, error) {
	descriptor, err := unix.Open(path, unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	p := &localPort{path: path, descriptor: descriptor, file: os.NewFile(uintptr(descriptor), path), switchDTR: switchDTR}
	if err := p.makeOurs(s); err != nil {
		return nil, errors.Join(err, p.file.Close())
	}
	return p, nil
}

func (p *localPort) makeOurs(s System) error {
	if _, err := unix.IoctlGetTermios(p.descriptor, unix.TCGETS); err != nil {
		return fmt.Errorf("%w: %w", errNoSerialPort, err)
	}
	if err := unix.Flock(p.descriptor, unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return fmt.Errorf("%w: %w", errBusy, err)
	}
	if taken, err := unix.IoctlGetInt(p.descriptor, unix.TIOCGEXCL); err == nil && taken != 0 {
		return errBusy
	}
	var status unix.Stat_t
	if err := unix.Fstat(p.descriptor, &status); err != nil {
		return err
	}
	if !isPseudo(status.Rdev) && len(s.openedBy(status.Rdev)) > 0 {
		return errBusy
	}
	return unix.IoctlSetInt(p.descriptor, unix.TIOCEXCL, 0)
}

// isPseudo says that a device is the far side of a pty (major numbers 136 to 143). Whoever made it may have it open too.
func isPseudo(device uint64) bool {
	major := unix.Major(device)
	return major >= 136 && major <= 143
}
