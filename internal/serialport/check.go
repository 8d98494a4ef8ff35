package serialport

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// User is a user who is to open a port.
type User struct {
	Name   string
	UID    uint32
	Groups []uint32
}

// HasAccess reports whether the mode of a file grants the user all of the three permission bits that are set in bits.
func (u User) HasAccess(info os.FileInfo, bits os.FileMode) bool {
	status, ok := info.Sys().(*syscall.Stat_t)
	mode := info.Mode().Perm()
	switch {
	case u.UID == 0 || !ok:
		return true
	case status.Uid == u.UID:
		mode >>= 6
	case slices.Contains(u.Groups, status.Gid):
		mode >>= 3
	}
	return mode&bits == bits
}

// Check returns an error if the user could not open a port, with the fix. It does not open the port, which could reboot the board.
// Network ports are not tried either: ser2net accepts one connection at a time, and the running service may have it.
func (s System) Check(path string, user User) error {
	return cmp.Or(s.CheckPresent(path), s.CheckPermission(path, user), s.CheckFree(path))
}

// CheckPresent returns an error if path does not exist or is not a usable serial port.
func (s System) CheckPresent(path string) error {
	return s.checkLocal(path, func(info os.FileInfo) error {
		switch {
		case s.IsConsole(path):
			return errConsole
		case !s.isSerial(path, info):
			return fmt.Errorf("%w: the kernel does not list it as one", errNoSerialPort)
		}
		return nil
	})
}

// CheckPermission returns an error if the user lacks the permission to open the port.
func (s System) CheckPermission(path string, user User) error {
	denied := false
	err := s.checkLocal(path, func(info os.FileInfo) error {
		denied = !user.HasAccess(info, 0o6)
		return nil
	})
	if denied {
		return fmt.Errorf("%s: permission denied: %s", path, permissionAdvice(path, user.Name))
	}
	return err
}

// CheckFree returns an error if a program other than Telegraf uses the port.
func (s System) CheckFree(path string) error {
	return s.checkLocal(path, func(info os.FileInfo) error {
		if s.isUsed(info) && !s.UsedByTelegraf(path) {
			return errBusy
		}
		return nil
	})
}

// checkLocal checks the port unless it belongs to another computer.
func (s System) checkLocal(path string, check func(os.FileInfo) error) error {
	if IsNetwork(path) {
		return nil
	}
	info, err := os.Stat(path)
	if err == nil {
		err = check(info)
	}
	if err != nil {
		return s.withAdvice(path, err)
	}
	return nil
}

// isUsed considers only locks if the port is a pty, which the program that created it may also have open.
func (s System) isUsed(info os.FileInfo) bool {
	status, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return false
	}
	return len(s.lockedBy(status.Dev, status.Ino)) > 0 || !isPty(status.Rdev) && len(s.openedBy(status.Rdev)) > 0
}

// isSerial checks the list of terminals in sysfs. The virtual consoles in that list have no device.
func (s System) isSerial(path string, info os.FileInfo) bool {
	status, ok := info.Sys().(*syscall.Stat_t)
	if !ok || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	if isPty(status.Rdev) {
		return true
	}
	device, err := filepath.EvalSymlinks(path)
	if err != nil {
		return false
	}
	_, err = os.Stat(filepath.Join(s.Sys, "class/tty", filepath.Base(device), "device"))
	return err == nil
}
