package arduino_serial

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/user"
	"strconv"
	"strings"
	"syscall"
	"time"

	"go.bug.st/serial"
	"golang.org/x/sys/unix"
)

// readTimeout bounds a read, so that silence and Stop are noticed soon; four wake-ups a second cost nothing measurable.
const readTimeout = 250 * time.Millisecond

// dialTimeout bounds the wait for a network port.
const dialTimeout = 10 * time.Second

// port is an open port. Read returns (0, nil) when nothing came within readTimeout.
type port interface {
	io.ReadCloser
}

// openPort opens a device or a network port; its errors tell the user what to do.
func openPort(ctx context.Context, path string, mode *serial.Mode) (port, error) {
	if address, ok := strings.CutPrefix(path, tcpScheme); ok {
		return dial(ctx, address)
	}
	guard, err := lock(path)
	if err != nil {
		return nil, explain(path, err)
	}
	device, err := openUninherited(path, mode, guard)
	if err == nil {
		err = device.SetReadTimeout(readTimeout)
	}
	if err != nil {
		return nil, explain(path, errors.Join(err, guard.Close()))
	}
	return &localPort{device, guard}, nil
}

// openUninherited opens the device so that no program which Telegraf starts (inputs.exec) gets a copy of it: such a copy would
// keep the port's name taken after an unplug. The serial library opens without O_CLOEXEC, hence the lock against forks.
func openUninherited(path string, mode *serial.Mode, guard *os.File) (serial.Port, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	device, err := serial.Open(path, mode)
	if err != nil {
		return nil, err
	}
	var wanted, found unix.Stat_t
	if err := unix.Fstat(int(guard.Fd()), &wanted); err != nil {
		return nil, errors.Join(err, device.Close())
	}
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return nil, errors.Join(err, device.Close())
	}
	for _, entry := range entries {
		descriptor, err := strconv.Atoi(entry.Name())
		if err == nil && unix.Fstat(descriptor, &found) == nil && found.Rdev == wanted.Rdev && found.Ino == wanted.Ino {
			unix.CloseOnExec(descriptor)
		}
	}
	return device, nil
}

// localPort is a device with its lock.
type localPort struct {
	serial.Port
	guard *os.File
}

// Close lets the device go, then the lock; both descriptors are gone afterwards, else a replugged ttyUSB0 would become ttyUSB1.
func (p *localPort) Close() error {
	return errors.Join(p.Port.Close(), p.guard.Close())
}

var errLocked = errors.New("in use")

// lock takes an advisory lock before any setting of the port changes: TIOCEXCL, which the serial library sets,
// does not stop root, as in `sudo telegraf --test` beside the running service.
func lock(path string) (*os.File, error) {
	descriptor, err := unix.Open(path, unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	guard := os.NewFile(uintptr(descriptor), path)
	if err := unix.Flock(descriptor, unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, errors.Join(errLocked, err, guard.Close())
	}
	return guard, nil
}

func explain(path string, err error) error {
	var portError *serial.PortError
	isPortError := errors.As(err, &portError)
	switch {
	case errors.Is(err, errLocked), errors.Is(err, unix.EBUSY), isPortError && portError.Code() == serial.PortBusy:
		return fmt.Errorf(`%s: in use by another program (another Telegraf, the Arduino IDE's monitor?): close it, or stop the service first ("sudo fuser -v %s" names it)`, path, path)
	case errors.Is(err, unix.ENOENT):
		return fmt.Errorf(`%s: no such device: is the Arduino plugged in? ("ls /dev/serial/by-id" shows the ports that are there)`, path)
	case errors.Is(err, unix.EACCES):
		return fmt.Errorf("%s: permission denied: %s", path, permissionAdvice(path))
	case isPortError && portError.Code() == serial.InvalidSerialPort:
		return fmt.Errorf("%s: not a serial port: %w", path, err)
	}
	return fmt.Errorf("%s: cannot be opened: %w", path, err)
}

// permissionAdvice names the group that may open the port, usually "dialout", if there is one.
func permissionAdvice(path string) string {
	name, group := "this user", "dialout"
	if current, err := user.Current(); err == nil {
		name = current.Username
	}
	if info, err := os.Stat(path); err == nil {
		if info.Mode().Perm()&0o060 != 0o060 {
			return fmt.Sprintf("user %q may not open it and no group may (mode %s): is it the console's port, or is a udev rule missing?", name, info.Mode().Perm())
		}
		if status, ok := info.Sys().(*syscall.Stat_t); ok {
			if found, err := user.LookupGroupId(strconv.FormatUint(uint64(status.Gid), 10)); err == nil {
				group = found.Name
			}
		}
	}
	return fmt.Sprintf("user %q is not in group %q: run \"sudo usermod -aG %s %s\" and restart Telegraf", name, group, group, name)
}

// dial connects to a serial port that another machine shares, as with ser2net.
func dial(ctx context.Context, address string) (port, error) {
	dialer := net.Dialer{Timeout: dialTimeout}
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("tcp://%s: cannot connect: is ser2net running there? (%w)", address, err)
	}
	return networkPort{conn}, nil
}

// networkPort reads like a serial port.
type networkPort struct {
	net.Conn
}

func (n networkPort) Read(chunk []byte) (int, error) {
	if err := n.SetReadDeadline(time.Now().Add(readTimeout)); err != nil {
		return 0, err
	}
	count, err := n.Conn.Read(chunk)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = nil
	}
	return count, err
}
