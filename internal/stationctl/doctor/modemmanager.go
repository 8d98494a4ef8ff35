package doctor

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/telegraf-station/telegraf-station/internal/serialport"
)

const (
	modemManager    = "ModemManager"
	fixModemManager = "sudo systemctl disable --now ModemManager"
)

// modemManager probes every new port for half a minute, unless udev excludes the port.
func (b *board) modemManager(path string) result {
	switch {
	case !b.System.IsRunning(modemManager):
		return ok("not running")
	case serialport.IsNetwork(path):
		return ok("running, but it does not use network ports")
	case b.isIgnored(path):
		return ok("running, but it ignores this port (udev rule)")
	}
	return warning(fixModemManager, "running; it probes %s each time the board is plugged in, because no udev rule excludes the port", path)
}

// isIgnored reads the udev database, which has the properties that our rules set, by device number.
func (b *board) isIgnored(path string) bool {
	var status unix.Stat_t
	if unix.Stat(path, &status) != nil {
		return false
	}
	name := fmt.Sprintf("c%d:%d", unix.Major(status.Rdev), unix.Minor(status.Rdev))
	text, err := os.ReadFile(filepath.Join(b.Root, "run/udev/data", name)) //nolint:gosec // a file of udev
	return err == nil && (strings.Contains(string(text), "E:ID_MM_PORT_IGNORE=1\n") || strings.Contains(string(text), "E:ID_MM_DEVICE_IGNORE=1\n"))
}
