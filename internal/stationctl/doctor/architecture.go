package doctor

import (
	"context"
	"debug/elf"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/telegraf-station/telegraf-station/internal/stationctl/host"
)

const architecture = "architecture"

// telegrafLimit is for what runs Telegraf: on the first Raspberry Pi it takes ten seconds to start.
const telegrafLimit = 30 * time.Second

// architecture runs Telegraf, which is the only sure proof that this computer can.
func (d *doctor) architecture(ctx context.Context) result {
	program, err := exec.LookPath(d.Telegraf)
	if err != nil {
		return bad("sudo apt-get install telegraf-station", "there is no Telegraf: %v", err)
	}
	output, err := host.Run(ctx, program, nil, d.Account, "version")
	switch {
	case errors.Is(err, unix.ENOEXEC):
		return bad("sudo apt-get install --reinstall telegraf-station:$(dpkg --print-architecture)",
			"%s is for %s, this computer is %s", program, processorOf(program), machine())
	case errors.Is(err, fs.ErrPermission):
		return bad("sudo chmod 0755 "+quote(program), "user %q may not run %s", d.Account.Name, program)
	case err != nil:
		return bad("sudo apt-get install --reinstall telegraf-station", "%s does not run: %v: %s", program, err, output)
	}
	return good("%s runs on %s (%s)", program, machine(), strings.TrimSpace(output))
}

// machine is the kernel's: a 64-bit one runs programs of 32 bits too.
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
		return "no processor"
	}
	defer file.Close() //nolint:errcheck // it was only read
	return strings.TrimPrefix(file.Machine.String(), "EM_")
}

// files are the configuration, which the service must be able to read, and the variables, which nobody else may.
func (d *doctor) files(context.Context) result {
	_, err := os.ReadFile(d.Configuration)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return bad("sudo stationctl setup", "there is no %s", d.Configuration)
	case errors.Is(err, fs.ErrPermission):
		return bad("sudo stationctl doctor", "you may not read %s", d.Configuration)
	case err != nil:
		return bad("", "%v", err)
	case !d.Account.CanRead(d.Configuration):
		return bad("sudo chgrp telegraf "+quote(d.Configuration)+" && sudo chmod 0640 "+quote(d.Configuration),
			"user %q, who Telegraf runs as, may not read %s", d.Account.Name, d.Configuration)
	}
	if info, err := os.Stat(d.Environment); err == nil && info.Mode().Perm()&0o007 != 0 && len(d.variables) > 0 {
		return doubtful("sudo chmod o= "+quote(d.Environment), "everybody on this computer may read the secrets in %s", d.Environment)
	}
	return good("user %q can read %s", d.Account.Name, d.Configuration)
}
