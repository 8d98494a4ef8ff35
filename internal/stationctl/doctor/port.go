package doctor

import (
	"context"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"strings"
	"syscall"

	"github.com/telegraf-station/telegraf-station/internal/installed"
	"github.com/telegraf-station/telegraf-station/plugins/inputs/arduino_serial"
)

// board is a board in the configuration.
type board struct {
	*doctor
	arduino_serial.Options
}

// inUseByTelegraf is why the port is not opened.
const inUseByTelegraf = "telegraf is using the port; see delivery"

// boardChecks returns the checks of one board; bauds are the checks of all boards that open ports.
func (d *doctor) boardChecks(options arduino_serial.Options, label string, bauds []string) []check {
	b := &board{d, options}
	port, permission, busy, baud := label+"port", label+"permission", label+"busy", label+"baud"
	var path string // found by the check of the port
	return []check{
		{name: port, run: storing(&path, b.port)},
		{name: permission, needs: []string{port}, run: func(context.Context) result { return b.permission(path) }},
		{name: busy, needs: []string{permission}, run: func(context.Context) result { return b.busy(path) }},
		{name: label + "ModemManager", needs: []string{port}, run: func(context.Context) result { return b.modemManager(path) }},
		{name: baud, needs: []string{busy}, limit: baudLimit, run: func(ctx context.Context) result { return b.baud(ctx, path) }},
		{
			name: label + "reading", needs: []string{architecture, configuration, baud}, after: bauds, limit: readingLimit,
			run: func(context.Context) result { return b.reading(path) },
		},
	}
}

// port finds the path of the port.
func (b *board) port(context.Context) (path string, r result) {
	find, err := b.System.NewFinder(b.Port)
	if err != nil {
		return "", failed(b.fixEdit(`port = "/dev/ttyACM0"`), "%v", err)
	}
	path, err = find()
	if err == nil {
		err = b.System.CheckPresent(path)
	}
	switch {
	case err == nil:
		return path, ok("%s", path)
	case b.System.IsConsole(path):
		return "", failed("sudo raspi-config nonint do_serial_cons 1 && sudo reboot", "%v", err)
	}
	return "", failed(b.fixPort(), "%v; %s", err, b.connectedPorts())
}

func (b *board) connectedPorts() string {
	var all []string
	for _, port := range b.System.Ports() {
		all = append(all, strings.TrimSpace(port.Path+" "+port.Board))
	}
	if len(all) == 0 {
		return "no USB serial port is connected"
	}
	return "connected: " + strings.Join(all, ", ")
}

func (b *board) fixPort() string {
	ports := b.System.Ports()
	switch {
	case len(ports) == 0:
		return "plug in the board"
	case len(b.parts.boards) > 1:
		return b.fixEdit("port = " + strconv.Quote(ports[0].Path))
	}
	return b.fixSetup("--port", quote(ports[0].Path))
}

func (b *board) permission(path string) result {
	err := b.System.CheckPermission(path, b.Account.User)
	if err == nil {
		return ok("user %q can open it", b.Account.Name)
	}
	if group := groupOf(path); group != "" {
		return failed(fmt.Sprintf("sudo usermod -aG %s %s && %s", group, b.Account.Name, installed.Restart), "%v", err)
	}
	return failed("sudo udevadm control --reload && sudo udevadm trigger --action=change --subsystem-match=tty", "%v", err)
}

// groupOf returns the group that can open a port, or "" if none can.
func groupOf(path string) string {
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm()&0o060 != 0o060 {
		return ""
	}
	status, isStat := info.Sys().(*syscall.Stat_t)
	if !isStat {
		return ""
	}
	group, err := user.LookupGroupId(strconv.FormatUint(uint64(status.Gid), 10))
	if err != nil {
		return ""
	}
	return group.Name
}
