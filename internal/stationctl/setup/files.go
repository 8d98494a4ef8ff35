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

// fileMode lets the service's group read, and nobody else.
const fileMode = 0o640

// File is one that setup wrote or left as it was.
type File struct {
	Path    string `json:"path"`
	Changed bool   `json:"changed"`
	// Backup is where the file is as it was before, "" if there was none or it did not change.
	Backup string `json:"backup,omitempty"`
}

// readText is a file's text, "" if there is none. A link is followed, so that the file is changed and not the link.
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

// checkWritable says so before the questions if the answers could not be kept.
func checkWritable(path string) error {
	folder := filepath.Dir(path)
	for {
		err := unix.Access(folder, unix.W_OK|unix.X_OK)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, unix.ENOENT) && folder != filepath.Dir(folder):
			folder = filepath.Dir(folder)
		case errors.Is(err, unix.EROFS):
			return fmt.Errorf("%s cannot be written: %s is read-only: remount it, or switch the overlay off (raspi-config)", path, folder)
		case errors.Is(err, unix.EACCES):
			return fmt.Errorf("%s cannot be written: you may not write to %s: run this with sudo", path, folder)
		default:
			return fmt.Errorf("%s cannot be written: %s: %w", path, folder, err)
		}
	}
}

// owner is the group that a file is to have, -1 if that cannot be.
func owner() int {
	group, err := user.LookupGroup(installed.User)
	if err != nil || os.Geteuid() != 0 {
		return -1
	}
	return int(host.ID(group.Gid))
}

// put makes a file have a text, whole or not at all. What is so already is not touched.
func put(path, text string) (changed bool, err error) {
	group := owner()
	old, err := os.ReadFile(path) //nolint:gosec // the user's own choice
	if err == nil && string(old) == text {
		if isProper(path, group) {
			return false, nil
		}
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // others may look into a folder of configuration
		return false, err
	}
	if err := host.Replace(path, text, fileMode, group); err != nil {
		return false, fmt.Errorf("%s cannot be written: %w", path, err)
	}
	return true, nil
}

// isProper says that a file's mode and group are those of a file of ours.
func isProper(path string, group int) bool {
	info, err := os.Stat(path)
	if err != nil {
		return false
	}
	status, ok := info.Sys().(*syscall.Stat_t)
	return info.Mode().Perm() == fileMode && (group < 0 || ok && int(status.Gid) == group)
}

// putKeeping is put, with the text that was there before beside it.
func putKeeping(path, old, text string) (File, error) {
	file := File{Path: path}
	if old != "" && old != text {
		file.Backup = path + ".bak"
		if _, err := put(file.Backup, old); err != nil {
			return file, fmt.Errorf("no backup, so nothing was changed: %w", err)
		}
	}
	var err error
	file.Changed, err = put(path, text)
	return file, err
}
