package doctor

import (
	"context"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/telegraf-station/telegraf-station/internal/serialport"
	"github.com/telegraf-station/telegraf-station/plugins/inputs/arduino_serial"
)

// board is an Arduino of the configuration, and what the checks before tell those after.
type board struct {
	*doctor
	arduino_serial.Options
	path string
}

// boardChecks of one board; bauds are the checks of all boards that open ports.
func (d *doctor) boardChecks(options arduino_serial.Options, label string, bauds []string) []check {
	b := &board{doctor: d, Options: options}
	port, permission, busy, baud := label+"port", label+"permission", label+"busy", label+"baud"
	return []check{
		{name: port, run: b.present},
		{name: permission, needs: []string{port}, run: b.permission},
		{name: busy, needs: []string{permission}, run: b.busy},
		{name: label + "ModemManager", needs: []string{port}, run: b.modemManager},
		{name: baud, needs: []string{busy}, limit: baudLimit, run: b.baud},
		{name: label + "reading", needs: []string{architecture, configuration, baud}, after: bauds, limit: readingLimit, run: b.reading},
	}
}

func (b *board) present(context.Context) result {
	find, err := b.System.NewFinder(b.Port)
	if err != nil {
		return bad(b.edit(`port = "/dev/ttyACM0"`), "%v", err)
	}
	b.path, err = find()
	if err == nil {
		err = b.System.CheckPresent(b.path)
	}
	switch {
	case err == nil:
		return good("%s", b.path)
	case b.System.IsConsole(b.path):
		return bad("sudo raspi-config nonint do_serial_cons 1 && sudo reboot", "%v", err)
	}
	return bad(b.otherPort(), "%v; %s", err, b.others())
}

// others lists the ports that are there.
func (b *board) others() string {
	var all []string
	for _, port := range b.System.Ports() {
		all = append(all, strings.TrimSpace(port.Path+" "+port.Board))
	}
	if len(all) == 0 {
		return "no USB serial port is there"
	}
	return "there are: " + strings.Join(all, ", ")
}

func (b *board) otherPort() string {
	ports := b.System.Ports()
	switch {
	case len(ports) == 0:
		return "plug the Arduino in"
	case len(b.parts.boards) > 1:
		return b.edit("port = " + strconv.Quote(ports[0].Path))
	}
	return b.setup("--port", quote(ports[0].Path))
}

func (b *board) permission(context.Context) result {
	err := b.System.CheckPermission(b.path, b.Account.User)
	if err == nil {
		return good("user %q may open it", b.Account.Name)
	}
	if group := groupOf(b.path); group != "" {
		return bad(fmt.Sprintf("sudo usermod -aG %s %s && %s", group, b.Account.Name, restart), "%v", err)
	}
	return bad("sudo udevadm control --reload && sudo udevadm trigger --action=change --subsystem-match=tty", "%v", err)
}

// groupOf is the group that may open a port, "" if none may.
func groupOf(path string) string {
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm()&0o060 != 0o060 {
		return ""
	}
	status, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	group, err := user.LookupGroupId(strconv.FormatUint(uint64(status.Gid), 10))
	if err != nil {
		return ""
	}
	return group.Name
}

func (b *board) busy(context.Context) result {
	holder, found := b.System.UsedBy(b.path)
	if err := b.System.CheckFree(b.path); err != nil {
		return bad(release(holder, b.path), "%v", err)
	}
	if found && b.System.UsedByTelegraf(b.path) {
		return good("telegraf has it (pid %d)", holder.PID)
	}
	return good("nobody has it")
}

// release is the command that ends who has a port; a login is started again unless it is switched off.
func release(holder serialport.Process, path string) string {
	switch holder.Name {
	case "":
		return "sudo fuser -k " + quote(path)
	case modemManager:
		return stopModemManager
	case "agetty", "login":
		return "sudo systemctl disable --now serial-getty@" + filepath.Base(path)
	}
	return fmt.Sprintf("sudo kill %d  # %s", holder.PID, holder.Name)
}

const (
	modemManager     = "ModemManager"
	stopModemManager = "sudo systemctl disable --now ModemManager"
)

// modemManager talks to each new port for half a minute, unless udev says that it is no modem.
func (b *board) modemManager(context.Context) result {
	switch {
	case !b.System.IsRunning(modemManager):
		return good("it does not run")
	case serialport.IsNetwork(b.path):
		return good("it cannot reach a network port")
	case b.isIgnored():
		return good("it runs, and leaves this port alone (udev)")
	}
	return doubtful(stopModemManager, "it runs, and takes %s for a modem after each plugging in: no udev rule tells it not to", b.path)
}

// isIgnored looks into udev's database, where what our rules say of a device is kept by its number.
func (b *board) isIgnored() bool {
	var status unix.Stat_t
	if unix.Stat(b.path, &status) != nil {
		return false
	}
	name := fmt.Sprintf("c%d:%d", unix.Major(status.Rdev), unix.Minor(status.Rdev))
	text, err := os.ReadFile(filepath.Join(b.Root, "run/udev/data", name)) //nolint:gosec // a file of udev
	return err == nil && (strings.Contains(string(text), "E:ID_MM_PORT_IGNORE=1\n") || strings.Contains(string(text), "E:ID_MM_DEVICE_IGNORE=1\n"))
}
