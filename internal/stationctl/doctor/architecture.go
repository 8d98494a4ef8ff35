package doctor

import (
	"context"
	"debug/elf"
	"errors"
	"io/fs"
	"os/exec"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/telegraf-station/telegraf-station/internal/stationctl/host"
)

const architecture = "architecture"

// telegrafLimit limits checks that run Telegraf: on the first Raspberry Pi, it needs ten seconds to start.
const telegrafLimit = 30 * time.Second

// architecture runs Telegraf, which is the only reliable test.
func (d *doctor) architecture(ctx context.Context) result {
	program, err := exec.LookPath(d.Telegraf)
	if err != nil {
		return failed(fixInstallTelegraf, "Telegraf is not installed: %v", err)
	}
	output, err := host.Run(ctx, program, nil, d.Account, "version")
	switch {
	case errors.Is(err, unix.ENOEXEC):
		return failed("sudo apt-get install --reinstall telegraf-station:$(dpkg --print-architecture)",
			"%s is for %s, but this computer is %s", program, processorOf(program), machine())
	case errors.Is(err, fs.ErrPermission):
		return failed("sudo chmod 0755 "+quote(program), "user %q cannot run %s", d.Account.Name, program)
	case err != nil:
		return failed("sudo apt-get install --reinstall telegraf-station", "cannot run %s: %v: %s", program, err, output)
	}
	return ok("%s runs on %s (%s)", program, machine(), strings.TrimSpace(output))
}

// machine returns the machine of the kernel; a 64-bit kernel also runs 32-bit programs.
func machine() string {
	var name unix.Utsname
	if unix.Uname(&name) != nil {
		return "an unknown machine"
	}
	return unix.ByteSliceToString(name.Machine[:])
}

func processorOf(program string) string {
	file, err := elf.Open(program)
	if err != nil {
		return "an unknown processor"
	}
	defer file.Close() //nolint:errcheck // it was only read
	return strings.TrimPrefix(file.Machine.String(), "EM_")
}
