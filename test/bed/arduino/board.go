// Package arduino simulates Arduino stations: a board on a pty, and the lines that it prints.
package arduino

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// Board is a simulated Arduino. What it prints is read at its port, a link to the pty's other side.
type Board struct {
	path   string
	master *os.File
	// slave stays open: with its last descriptor the kernel would reset it to echo and line editing.
	slave *os.File
}

// Plug makes the port appear under a path.
func Plug(path string) (*Board, error) {
	master, slave, err := pty.Open()
	if err != nil {
		return nil, fmt.Errorf("no pty: %w", err)
	}
	board := &Board{path: path, master: master, slave: slave}
	if err := errors.Join(makeRaw(slave), link(slave.Name(), path)); err != nil {
		return nil, errors.Join(err, board.Unplug())
	}
	return board, nil
}

// link creates the link atomically: no reader sees an incomplete port.
func link(target, path string) error {
	temporary := path + ".new"
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	if err := os.Symlink(target, temporary); err != nil {
		return err
	}
	return os.Rename(temporary, path)
}

func makeRaw(slave *os.File) error {
	settings, err := unix.IoctlGetTermios(int(slave.Fd()), unix.TCGETS)
	if err != nil {
		return err
	}
	settings.Lflag &^= unix.ECHO | unix.ICANON | unix.ISIG
	settings.Iflag &^= unix.ICRNL | unix.IXON
	settings.Oflag &^= unix.OPOST
	return unix.IoctlSetTermios(int(slave.Fd()), unix.TCSETS, settings)
}

// Path is where the port is.
func (b *Board) Path() string { return b.path }

// Release ends the exclusive use by a reader that was killed. A real port forgets it with its last descriptor.
func (b *Board) Release() error { return unix.IoctlSetInt(int(b.slave.Fd()), unix.TIOCNXCL, 0) }

// Print sends text as it is; it waits while the reader is behind.
func (b *Board) Print(text string) error {
	_, err := b.master.WriteString(text)
	return err
}

// Write is Print for an io.Writer.
func (b *Board) Write(text []byte) (int, error) { return b.master.Write(text) }

// Unplug takes the port away, as a pulled cable does: its readers get an error, its name is gone.
func (b *Board) Unplug() error {
	err := os.Remove(b.path)
	if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, b.master.Close(), b.slave.Close())
}
