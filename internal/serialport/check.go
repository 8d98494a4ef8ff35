package serialport

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
)

// User is somebody who is to open a port.
type User struct {
	Name   string
	UID    uint32
	Groups []uint32
}

// May says whether a file's mode lets the user do all of what the three bits mean.
func (u User) May(info os.FileInfo, bits os.FileMode) bool {
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

// Check says what would keep a user from opening a port, and what to do. It does not open it: that could reboot the board. Whether
// somebody answers at a network port is not tried either: ser2net serves one at a time, perhaps the running service.
func (s System) Check(path string, user User) error {
	for _, check := range []func() error{
		func() error { return s.CheckPresent(path) },
		func() error { return s.CheckPermission(path, user) },
		func() error { return s.CheckFree(path) },
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// CheckPresent says that there is no such port, or that it is none.
func (s System) CheckPresent(path string) error {
	if IsNetwork(path) {
		return nil
	}
	if s.IsConsole(path) {
		return s.explain(path, errConsole)
	}
	info, err := os.Stat(path)
	if err != nil {
		return s.explain(path, err)
	}
	if !s.isSerial(path, info) {
		return s.explain(path, fmt.Errorf("%w: the kernel does not list it as one", errNoSerialPort))
	}
	return nil
}

// CheckPermission says that the user may not open a port that is there.
func (s System) CheckPermission(path string, user User) error {
	if IsNetwork(path) {
		return nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return s.explain(path, err)
	}
	if !user.May(info, 0o6) {
		return fmt.Errorf("%s: permission denied: %s", path, permissionAdvice(path, user.Name))
	}
	return nil
}

// CheckFree says that a program has the port that is no Telegraf.
func (s System) CheckFree(path string) error {
	if IsNetwork(path) {
		return nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return s.explain(path, err)
	}
	if s.isTaken(info) && !s.HasTelegraf(path) {
		return s.explain(path, errBusy)
	}
	return nil
}

// isTaken looks at the locks alone where whoever made the port may have it open too.
func (s System) isTaken(info os.FileInfo) bool {
	status, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return false
	}
	lock := unix.Stat_t{Dev: status.Dev, Ino: status.Ino}
	return len(s.lockedBy(&lock)) > 0 || !isPseudo(status.Rdev) && len(s.openedBy(status.Rdev)) > 0
}

// HasTelegraf says that a Telegraf reads the port.
func (s System) HasTelegraf(path string) bool {
	holder, found := s.WhoHas(path)
	return found && holder.Name == "telegraf"
}

// isSerial asks the kernel's list of terminals; virtual consoles are in it, and no port.
func (s System) isSerial(path string, info os.FileInfo) bool {
	status, ok := info.Sys().(*syscall.Stat_t)
	if !ok || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	if isPseudo(status.Rdev) {
		return true
	}
	device, err := filepath.EvalSymlinks(path)
	if err != nil {
		return false
	}
	_, err = os.Stat(filepath.Join(s.Sys, "class/tty", filepath.Base(device), "device"))
	return err == nil
}
