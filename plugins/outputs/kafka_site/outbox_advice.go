package kafka_site

import (
	"errors"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"syscall"

	"github.com/kballard/go-shellquote"

	"github.com/telegraf-station/telegraf-station/internal/outbox"
)

// outboxAdvice returns what to do about an outbox that cannot be used, in the form "; FIX", or "" if the error says it.
func outboxAdvice(err error, dir string) string {
	switch {
	case errors.Is(err, outbox.ErrInUse):
		return "; stop the other Telegraf, or give each its own outbox"
	case errors.Is(err, fs.ErrPermission):
		name := "USER"
		if current, err := user.Current(); err == nil {
			name = current.Username
		}
		return "; run: " + permissionFix(dir, name)
	case errors.Is(err, syscall.EROFS):
		return "; remount the file system writable, or set outbox to a directory on another one"
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "; free disk space"
	}
	return ""
}

// permissionFix returns the command that lets a user use a directory with all that is in it: files of an agent that root started belong to
// root.
func permissionFix(dir, name string) string {
	path := shellquote.Join(dir)
	if parent := closedParent(dir); parent != "" {
		return "sudo chmod a+x " + shellquote.Join(parent)
	}
	if _, err := os.Stat(dir); err == nil { //nolint:gosec // the directory of the configuration
		return "sudo chown -R " + name + " " + path + " && sudo chmod -R u+rwX " + path
	}
	return "sudo install -d -o " + name + " -m 0750 " + path
}

// closedParent returns the directory above dir that this user cannot enter, or "".
func closedParent(dir string) string {
	parent := filepath.Dir(dir)
	if parent == dir {
		return ""
	}
	if closed := closedParent(parent); closed != "" {
		return closed
	}
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrPermission) { //nolint:gosec // see above
		return parent
	}
	return ""
}
