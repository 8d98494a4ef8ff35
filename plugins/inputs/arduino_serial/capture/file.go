package capture

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// File is a capture on disk with a limited size: when half of it is used, the file is renamed to PATH.1, replacing the previous one, and a
// new file starts. It is not safe for concurrent use.
type File struct {
	path string
	half int64 // bytes

	file    *os.File
	written int64
}

// NewFile returns a file that the first Write creates. Together, PATH and PATH.1 take at most size bytes.
func NewFile(path string, size int64) *File { return &File{path: path, half: size / 2} }

// Write appends an event. After an error, the next Write reopens the file.
func (f *File) Write(event Event) error {
	text := event.String()
	if err := f.makeRoom(int64(len(text))); err != nil {
		return errors.Join(err, f.Close())
	}
	n, err := f.file.WriteString(text)
	f.written += int64(n)
	if err != nil {
		return errors.Join(err, f.Close())
	}
	return nil
}

func (f *File) makeRoom(need int64) error {
	if err := f.open(); err != nil {
		return err
	}
	if f.written == 0 || f.written+need <= f.half {
		return nil
	}
	if err := errors.Join(f.Close(), os.Rename(f.path, f.path+".1")); err != nil {
		return err
	}
	return f.open()
}

// open continues an earlier capture.
func (f *File) open() error {
	if f.file != nil {
		return nil
	}
	// Nonblocking, because a pipe without a reader would block reading the port.
	file, err := os.OpenFile(f.path, os.O_APPEND|os.O_CREATE|os.O_RDWR|unix.O_NONBLOCK, 0o640) //nolint:gosec // the user's path; a group may read it
	if err != nil {
		return err
	}
	f.written, err = wholeSize(file)
	if err != nil {
		return errors.Join(err, file.Close())
	}
	f.file = file
	return nil
}

// wholeSize removes an event that a full disk or a power cut has truncated, and returns the size of the file.
func wholeSize(file *os.File) (int64, error) {
	info, err := file.Stat()
	if err != nil {
		return 0, err
	}
	if !info.Mode().IsRegular() {
		return 0, fmt.Errorf("%s is not a regular file", file.Name())
	}
	end := make([]byte, min(info.Size(), maxLine))
	if _, err := file.ReadAt(end, info.Size()-int64(len(end))); err != nil {
		return 0, err
	}
	size := info.Size() - int64(len(end)) + int64(bytes.LastIndexByte(end, '\n')+1)
	if size == info.Size() {
		return size, nil
	}
	return size, file.Truncate(size)
}

// Close can be called at any time, and more than once.
func (f *File) Close() error {
	if f.file == nil {
		return nil
	}
	file := f.file
	f.file = nil
	return file.Close()
}
