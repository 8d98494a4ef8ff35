package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// attributes are the mode and the owner of a file; a negative ID leaves the owner or group unchanged.
type attributes struct {
	mode       fs.FileMode
	uid, group int
}

// Replace replaces a file as a whole: after a power cut it has the old or the new text. The file never has more permissions than mode. A
// negative group leaves the group unchanged.
func Replace(path, text string, mode fs.FileMode, group int) error {
	return write(path, text, attributes{mode, -1, group}, os.Rename)
}

// Create writes a new file as a whole. If the file exists, it is unchanged and the error is fs.ErrExist.
func Create(path, text string, mode fs.FileMode) error {
	return write(path, text, attributes{mode, -1, -1}, func(temporary, path string) error {
		if err := os.Link(temporary, path); err != nil {
			return err
		}
		return os.Remove(temporary)
	})
}

// Update replaces a file that contains secrets. An existing file keeps its owner and group, and its mode unless all users have access. A
// new file has mode 0600.
func Update(path, text string) error {
	a, err := attributesToKeep(path)
	if err != nil {
		return err
	}
	return write(path, text, a, os.Rename)
}

// Private reports whether a mode gives access only to the owner and the group.
func Private(mode fs.FileMode) bool { return mode&0o007 == 0 }

func attributesToKeep(path string) (attributes, error) {
	a := attributes{0o600, -1, -1}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return a, nil
	}
	if err != nil {
		return a, err
	}
	if Private(info.Mode()) {
		a.mode = info.Mode().Perm()
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); ok {
		a.uid, a.group = int(owner.Uid), int(owner.Gid)
	}
	return a, nil
}

func write(path, text string, a attributes, publish func(temporary, path string) error) (err error) {
	temporary, err := os.CreateTemp(filepath.Dir(path), ".new-*") // mode 0600; the file's own name plus a suffix could be too long
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(temporary.Name()))
		}
	}()
	_, err = temporary.WriteString(text)
	if err == nil && (a.uid >= 0 || a.group >= 0) {
		if err = temporary.Chown(a.uid, a.group); err != nil {
			err = fmt.Errorf("cannot keep the owner (user %d, group %d) of file %q: %w; run the command as root", a.uid, a.group, path, err)
		}
	}
	if err == nil {
		err = temporary.Chmod(a.mode)
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
	return syncDirectory(filepath.Dir(path))
}

func syncDirectory(path string) error {
	dir, err := os.Open(path) //nolint:gosec // chosen by the user
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
