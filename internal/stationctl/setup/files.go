package setup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/telegraf-station/telegraf-station/internal/installed"
	"github.com/telegraf-station/telegraf-station/internal/stationctl/host"
)

// fileMode gives read access to the group of the service.
const fileMode = 0o640

// File is a file that setup manages.
type File struct {
	Path    string `json:"path"`
	Changed bool   `json:"changed"`
	// Backup is the path of the previous file, if there was one and it changed.
	Backup string `json:"backup,omitempty"`
}

// readText returns the text of a file, or "" if it does not exist. It follows links, so that the file is replaced and not the link.
func readText(path string) (followed, text string, err error) {
	followed, err = filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		return path, "", nil
	}
	if err != nil {
		return "", "", err
	}
	content, err := os.ReadFile(followed)
	return followed, string(content), err
}

// checkWritable checks before the first question that the answers can be saved.
func checkWritable(path string) error {
	dir := filepath.Dir(path)
	for {
		err := unix.Access(dir, unix.W_OK|unix.X_OK)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, unix.ENOENT) && dir != filepath.Dir(dir):
			dir = filepath.Dir(dir)
		case errors.Is(err, unix.EROFS):
			return fmt.Errorf("cannot write %s: %s is read-only; remount it, or turn off the overlay (raspi-config)", path, dir)
		case errors.Is(err, unix.EACCES):
			return fmt.Errorf("cannot write %s: permission denied for directory %s; run the command with sudo", path, dir)
		default:
			return fmt.Errorf("cannot write %s: %s: %w", path, dir, err)
		}
	}
}

// groupID returns the group of the service, or -1 if the group of a file cannot be set.
func groupID() int {
	group, err := user.LookupGroup(installed.User)
	if err != nil || os.Geteuid() != 0 {
		return -1
	}
	return int(host.ID(group.Gid))
}

// writeFile replaces a file as a whole, unless it already has the text, mode, and group.
func writeFile(path, text string) (changed bool, err error) {
	group := groupID()
	old, err := os.ReadFile(path) //nolint:gosec // chosen by the user
	if err == nil && string(old) == text {
		if hasAttributes(path, group) {
			return false, nil
		}
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // all users can list the directory
		return false, err
	}
	if err := host.Replace(path, text, fileMode, group); err != nil {
		return false, fmt.Errorf("cannot write %s: %w", path, err)
	}
	return true, nil
}

// hasAttributes reports whether a file has our mode and group.
func hasAttributes(path string, group int) bool {
	info, err := os.Stat(path)
	if err != nil {
		return false
	}
	status, ok := info.Sys().(*syscall.Stat_t)
	return info.Mode().Perm() == fileMode && (group < 0 || ok && int(status.Gid) == group)
}

// writeWithBackup is writeFile, but keeps the previous text as FILE.bak.
func writeWithBackup(path, old, text string) (File, error) {
	file := File{Path: path}
	if old != "" && old != text {
		file.Backup = path + ".bak"
		if _, err := writeFile(file.Backup, old); err != nil {
			return file, fmt.Errorf("nothing was changed: cannot write the backup: %w", err)
		}
	}
	var err error
	file.Changed, err = writeFile(path, text)
	return file, err
}
