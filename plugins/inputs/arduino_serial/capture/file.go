package capture

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// File is a capture on disk, bounded: when half of its size is full, the file is renamed to PATH.1, over the one before, and a
// new one begins. It is for one goroutine.
type File struct {
	path string
	half int64 // bytes

	file    *os.File
	written int64
}

// NewFile makes nothing yet: the first Write does. Together PATH and PATH.1 take at most size bytes.
func NewFile(path string, size int64) *File { return &File{path: path, half: size / 2} }

// Write appends an event. After an error the next Write tries to open the file anew.
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

// open goes on with a capture of before.
func (f *File) open() error {
	if f.file != nil {
		return nil
	}
	// Nonblocking, since a pipe without a reader would stop the reading of the port.
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

// wholeSize cuts off an event that a full disk or a power cut has left without its end, and returns the file's size.
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

// Close may be called at any time, and more than once.
func (f *File) Close() error {
	if f.file == nil {
		return nil
	}
	file := f.file
	f.file = nil
	return file.Close()
}
