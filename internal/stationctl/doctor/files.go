package doctor

import (
	"context"
	"errors"
	"io/fs"
	"os"
)

const files = "files"

// files checks that the service can read the configuration, and that other users cannot read the variables.
func (d *doctor) files(context.Context) result {
	_, err := os.ReadFile(d.Configuration)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return failed("sudo stationctl setup", "%s does not exist", d.Configuration)
	case errors.Is(err, fs.ErrPermission):
		return failed(fixRunAsRoot, "you are not allowed to read %s", d.Configuration)
	case err != nil:
		return failed("", "%v", err)
	case !d.Account.CanRead(d.Configuration):
		return failed("sudo chgrp telegraf "+quote(d.Configuration)+" && sudo chmod 0640 "+quote(d.Configuration),
			"user %q, which runs Telegraf, cannot read %s", d.Account.Name, d.Configuration)
	}
	if info, err := os.Stat(d.Environment); err == nil && info.Mode().Perm()&0o007 != 0 && len(d.variables) > 0 {
		return warning("sudo chmod o= "+quote(d.Environment), "all users of this computer can read the secrets in %s", d.Environment)
	}
	return ok("user %q can read %s", d.Account.Name, d.Configuration)
}
