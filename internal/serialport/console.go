package serialport

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

var errConsole = errors.New("the system's console")

// IsConsole says that the kernel prints to a port, as a Raspberry Pi does to the one of its header until that is switched off
// (console=serial0 in cmdline.txt): a board there would read the boot messages, and a login would answer it.
func (s System) IsConsole(path string) bool {
	device, err := filepath.EvalSymlinks(path)
	if err != nil {
		return false
	}
	active, err := os.ReadFile(filepath.Join(s.Sys, "class/tty/console/active"))
	return err == nil && slices.Contains(strings.Fields(string(active)), filepath.Base(device)) &&
		filepath.Dir(device) == filepath.Clean(s.Dev)
}
