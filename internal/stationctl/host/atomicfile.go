// Package host replaces files whole or not at all.
package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Replace has the text on disk before the file's name leads to it: after a power cut there is the old one or the new one. The
// file is never readable to more than the mode allows. A group below zero stays as it comes.
func Replace(path, text string, mode fs.FileMode, group int) error {
	return write(path, text, mode, -1, group, os.Rename)
}

// Create is Replace for a file that must not be there yet: one that is stays, and the error is fs.ErrExist.
func Create(path, text string, mode fs.FileMode) error {
	return write(path, text, mode, -1, -1, func(temporary, path string) error {
		if err := os.Link(temporary, path); err != nil {
			return err
		}
		return os.Remove(temporary)
	})
}

// Update is Replace for a file of secrets: one that is there keeps its owner and group, and its mode if that gives others nothing.
// A new one has the mode 0600.
func Update(path, text string) error {
	mode, user, group, err := keeping(path)
	if err != nil {
		return err
	}
	return write(path, text, mode, user, group, os.Rename)
}

// Private says that a mode lets nobody in but the owner and the group that somebody chose for the file.
func Private(mode fs.FileMode) bool { return mode&0o007 == 0 }

func keeping(path string) (mode fs.FileMode, user, group int, err error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0o600, -1, -1, nil
	}
	if err != nil {
		return 0, 0, 0, err
	}
	mode = info.Mode().Perm()
	if !Private(mode) {
		mode = 0o600
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return mode, -1, -1, nil
	}
	return mode, int(owner.Uid), int(owner.Gid), nil
}

func write(path, text string, mode fs.FileMode, user, group int, publish func(temporary, path string) error) (err error) {
	temporary, err := os.CreateTemp(filepath.Dir(path), ".new-*") // mode 0600; with the file's own name it could be too long
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(temporary.Name()))
		}
	}()
	_, err = temporary.WriteString(text)
	if err == nil && (user >= 0 || group >= 0) {
		if err = temporary.Chown(user, group); err != nil {
			err = fmt.Errorf("file %q belongs to user %d and group %d, to whom you cannot give it: run it as root (%w)", path, user, group, err)
		}
	}
	if err == nil {
		err = temporary.Chmod(mode)
	}
	if err == nil {
		err = temporary.Sync()
	}
	if err = errors.Join(err, temporary.Close()); err != nil {
		return err
	}
	if err = publish(temporary.Name(), path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

func syncFolder(path string) error {
	folder, err := os.Open(path) //nolint:gosec // the user's own choice
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
