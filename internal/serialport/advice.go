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

const (
	plugInAdvice = `plug in the board, or list the ports with "ls /dev/serial/by-id"`
	raspiConfig  = `run "sudo raspi-config", choose "Interface Options", "Serial Port", disable the login shell, enable the hardware, and reboot`
	// modemManager treats a new serial port as a modem and sends commands to it for half a minute.
	modemManager       = "ModemManager"
	modemManagerAdvice = `run "sudo systemctl disable --now ModemManager"`
)

// withAdvice returns the error for a port that cannot be opened, with its cause and the fix.
func (s System) withAdvice(path string, err error) error {
	var portError *serial.PortError
	isPortError := errors.As(err, &portError)
	switch {
	case errors.Is(err, errConsole):
		return fmt.Errorf("%s: %w; %s", path, errConsole, raspiConfig)
	case errors.Is(err, errBusy), errors.Is(err, unix.EBUSY), isPortError && portError.Code() == serial.PortBusy:
		return fmt.Errorf("%s: %s", path, s.busyAdvice(path))
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ENXIO), errors.Is(err, unix.ENODEV):
		return fmt.Errorf("%s: no such device; %s", path, s.missingAdvice(path))
	case errors.Is(err, unix.EPERM):
		return fmt.Errorf("%s: the container or service is not permitted to use this device; pass it in (--device, DeviceAllow=)", path)
	case errors.Is(err, unix.EACCES):
		return fmt.Errorf("%s: permission denied: %s", path, permissionAdvice(path, currentUser()))
	case errors.Is(err, errNoSerialPort), errors.Is(err, unix.EISDIR), errors.Is(err, unix.ENOTDIR), errors.Is(err, unix.ELOOP):
		return fmt.Errorf(`%s: not a serial port; set port to one that "ls /dev/serial/by-id" lists (%w)`, path, err)
	case isPortError:
		return fmt.Errorf("%s: cannot configure the port: %w; check that its chip supports this baud_rate and framing", path, err)
	}
	return fmt.Errorf("%s: cannot open the port: %w; unplug the Arduino and plug it in again", path, err)
}

// processAdvice is the fix for programs that are known to use serial ports, by program name.
var processAdvice = map[string]string{
	"telegraf":   `stop it first; if it is the service, run "sudo systemctl stop telegraf-station"`,
	modemManager: `it treats the Arduino as a modem; ` + modemManagerAdvice,
	"agetty":     `a login prompt runs on this port; ` + raspiConfig,
	"login":      `a user is logged in on this port; ` + raspiConfig,
}

func (s System) busyAdvice(path string) string {
	if process, found := s.UsedBy(path); found {
		if process.PID == os.Getpid() {
			return "in use by this Telegraf; set a different port in each [[inputs.arduino_serial]]"
		}
		return fmt.Sprintf("in use by %s; %s", process, cmp.Or(processAdvice[process.Name], "close it first"))
	}
	advice := fmt.Sprintf(`in use by a program of another user; find it with "sudo fuser -v %s" and close it`, path)
	if s.IsRunning(modemManager) {
		advice += "; if it is ModemManager, " + modemManagerAdvice
	}
	return advice
}

// missingAdvice lists the connected ports: often only the number in a path is wrong.
func (s System) missingAdvice(path string) string {
	var connected []string
	for _, pattern := range []string{"ttyACM*", "ttyUSB*"} {
		paths, _ := filepath.Glob(filepath.Join(s.Dev, pattern)) // the pattern is valid
		connected = append(connected, paths...)
	}
	if len(connected) == 0 || filepath.Dir(path) != filepath.Clean(s.Dev) {
		return plugInAdvice
	}
	return "plug in the board, or set port to a connected one: " + strings.Join(connected, ", ")
}

func currentUser() string {
	current, err := user.Current()
	if err != nil {
		return strconv.Itoa(os.Getuid())
	}
	return current.Username
}

// permissionAdvice names the group that can open the port, usually "dialout".
func permissionAdvice(path, name string) string {
	group := "dialout"
	if info, err := os.Stat(path); err == nil {
		if info.Mode().Perm()&0o060 != 0o060 {
			return fmt.Sprintf("user %q cannot open it, nor can its group (mode %s); check that it is not the console port and that no udev rule is missing",
				name, info.Mode().Perm())
		}
		if status, ok := info.Sys().(*syscall.Stat_t); ok {
			if found, err := user.LookupGroupId(strconv.FormatUint(uint64(status.Gid), 10)); err == nil {
				group = found.Name
			}
		}
	}
	return fmt.Sprintf(`user %q is not in group %q; run "sudo usermod -aG %s %s" and restart Telegraf`, name, group, group, name)
}
