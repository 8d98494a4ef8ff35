// Package atomicfile replaces files whole or not at all.
package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Replace has the text on disk before the file's name leads to it: after a power cut there is the old one or the new one. The
// file is never readable to more than the mode allows. A group below zero stays as it comes.
func Replace(path, text string, mode fs.FileMode, group int) (err error) {
	temporary, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(temporary.Name()))
		}
	}()
	_, err = temporary.WriteString(text)
	if err == nil && group >= 0 {
		err = temporary.Chown(-1, group)
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
	if err = os.Rename(temporary.Name(), path); err != nil {
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
