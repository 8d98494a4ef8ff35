package serialport

import (
	"context"
	"errors"
	"os"
	"strconv"
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
	if s.isConsole(path) {
		return nil, errConsole
	}
	guard, err := s.takeGuard(path)
	if err != nil {
		return nil, err
	}
	if reset != ResetAlways {
		if err := guard.keepDTR(); err != nil {
			return nil, errors.Join(err, guard.Close())
		}
	}
	device, err := guard.openDevice(path, mode)
	if err != nil {
		return nil, errors.Join(err, guard.Close())
	}
	port := &localPort{path: path, device: device, guard: guard}
	if err := port.prepare(reset); err != nil {
		return nil, errors.Join(err, port.Close())
	}
	return port, nil
}

// openDevice opens the device so that no program which Telegraf starts (inputs.exec) gets a copy of it: such a copy would
// keep the port's name taken after an unplug. The serial library opens without O_CLOEXEC, hence the lock against forks.
func (g *guard) openDevice(path string, mode *serial.Mode) (serial.Port, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := g.letIn(); err != nil {
		return nil, err
	}
	device, err := serial.Open(path, mode)
	if err != nil {
		return nil, err
	}
	if err := closeOnExec(g.device); err != nil {
		return nil, errors.Join(err, device.Close())
	}
	return device, nil
}

// closeOnExec marks all descriptors of a device.
func closeOnExec(device uint64) error {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return err
	}
	var found unix.Stat_t
	for _, entry := range entries {
		descriptor, err := strconv.Atoi(entry.Name())
		if err == nil && unix.Fstat(descriptor, &found) == nil && isDevice(&found, device) {
			unix.CloseOnExec(descriptor)
		}
	}
	return nil
}

func isDevice(status *unix.Stat_t, device uint64) bool {
	return status.Mode&unix.S_IFMT == unix.S_IFCHR && status.Rdev == device
}
