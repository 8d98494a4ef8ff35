package serialport

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"go.bug.st/serial"
	"golang.org/x/sys/unix"
)

var errNoSerialPort = errors.New("not a serial port")

// explain says why a port cannot be opened and what to do.
func (s System) explain(path string, err error) error {
	var portError *serial.PortError
	isPortError := errors.As(err, &portError)
	switch {
	case errors.Is(err, errConsole):
		return fmt.Errorf(`%s: it is %w: run "sudo raspi-config", choose "Interface Options", "Serial Port", no login shell, hardware enabled, and reboot`, path, errConsole)
	case errors.Is(err, errBusy), errors.Is(err, unix.EBUSY), isPortError && portError.Code() == serial.PortBusy:
		return fmt.Errorf("%s: %s", path, s.busyAdvice(path))
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ENXIO), errors.Is(err, unix.ENODEV):
		return fmt.Errorf("%s: no such device: %s", path, s.missingAdvice(path))
	case errors.Is(err, unix.EPERM):
		return fmt.Errorf(`%s: not permitted: the container or service may not use this device: pass it in (--device, DeviceAllow=)`, path)
	case errors.Is(err, unix.EACCES):
		return fmt.Errorf("%s: permission denied: %s", path, permissionAdvice(path, thisUser()))
	case errors.Is(err, errNoSerialPort), errors.Is(err, unix.EISDIR), errors.Is(err, unix.ENOTDIR), errors.Is(err, unix.ELOOP):
		return fmt.Errorf(`%s: not a serial port: set port to one that "ls /dev/serial/by-id" shows (%w)`, path, err)
	}
	if isPortError {
		return fmt.Errorf("%s: the port cannot be set: does its chip know this baud_rate and framing? (%w)", path, err)
	}
	return fmt.Errorf("%s: cannot be opened: unplug the Arduino and plug it in again (%w)", path, err)
}

// modemManager takes a new serial port for a modem and talks to it for half a minute.
const modemManager = "ModemManager"

// holderAdvice is what to do about programs that are known to take ports, by their names.
var holderAdvice = map[string]string{
	"telegraf":   `stop it first, "sudo systemctl stop telegraf-station" if it is the service`,
	modemManager: `it takes the Arduino for a modem: run "sudo systemctl disable --now ModemManager"`,
	"agetty":     `a login waits there: run "sudo raspi-config", choose "Interface Options", "Serial Port", no login shell, and reboot`,
	"login":      `somebody has logged in there: run "sudo raspi-config", choose "Interface Options", "Serial Port", no login shell, and reboot`,
}

func (s System) busyAdvice(path string) string {
	if holder, found := s.WhoHas(path); found {
		if holder.PID == os.Getpid() {
			return "in use by this Telegraf: two [[inputs.arduino_serial]] have this port: give each its own"
		}
		advice := cmp.Or(holderAdvice[holder.Name], "close it first")
		return fmt.Sprintf("in use by %s: %s", holder, advice)
	}
	advice := fmt.Sprintf(`"sudo fuser -v %s" shows which; close it first`, path)
	if s.Runs(modemManager) {
		advice += `; if it is ModemManager, run "sudo systemctl disable --now ModemManager"`
	}
	return "in use by a program of another user: " + advice
}

// missingAdvice names the ports that are there: a path is often right but for its number.
func (s System) missingAdvice(path string) string {
	var others []string
	for _, pattern := range []string{"ttyACM*", "ttyUSB*"} {
		paths, _ := filepath.Glob(filepath.Join(s.Dev, pattern)) // the pattern is a good one
		others = append(others, paths...)
	}
	if len(others) == 0 || filepath.Dir(path) != filepath.Clean(s.Dev) {
		return `is the Arduino plugged in? ("ls /dev/serial/by-id" shows the ports that are there)`
	}
	return "is it one of these? Then set port to it: " + strings.Join(others, ", ")
}

func thisUser() string {
	current, err := user.Current()
	if err != nil {
		return "this user"
	}
	return current.Username
}

// permissionAdvice names the group that may open the port, usually "dialout", if there is one.
func permissionAdvice(path, name string) string {
	group := "dialout"
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
