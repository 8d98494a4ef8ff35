package serialport

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

var errConsole = errors.New("the system console uses this port")

// IsConsole reports whether the kernel prints to a port. A Raspberry Pi does so on its header port until that is disabled
// (console=serial0 in cmdline.txt): a board there would receive the boot messages, and a login prompt would answer it.
func (s System) IsConsole(path string) bool {
	device, err := filepath.EvalSymlinks(path)
	if err != nil {
		return false
	}
	active, err := os.ReadFile(filepath.Join(s.Sys, "class/tty/console/active"))
	return err == nil && slices.Contains(strings.Fields(string(active)), filepath.Base(device)) &&
		filepath.Dir(device) == filepath.Clean(s.Dev)
}
