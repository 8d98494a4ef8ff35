package outbox

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// file is an open file of the outbox. Positions are explicit, so that reads and appends need no order.
type file interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	// Sync returns when the content is on the medium.
	Sync() error
	Size() (int64, error)
}

// filesystem is what the outbox needs of a file system. Tests use one that forgets what was not synced, is full, or hangs.
type filesystem interface {
	// Create creates a file for reading and writing.
	Create(name string) (file, error)
	Open(name string) (file, error)
	Remove(name string) error
	Rename(from, to string) error
	// Names returns the sorted entries of a directory, or none if it does not exist.
	Names(dir string) ([]string, error)
	MakeDir(dir string) error
	// SyncDir returns when the names in a directory are on the medium.
	SyncDir(dir string) error
	// Lock takes a lock that ends with the process. It returns ErrInUse if another process has it.
	Lock(name string) (lock, error)
	// Same reports whether a name still belongs to an open file, as far as the name can be looked up.
	Same(f io.Closer, name string) bool
	// BootID identifies the time since the machine started, or is empty if that is unknown. It is called often.
	BootID() string
}

// lock is a locked file, with a note that outlives the process.
type lock interface {
	io.Closer
	Note() string
	SetNote(text string) error
}

// fileSize returns the size of a file, or 0 if it is damaged: the reader of the file reports that.
func fileSize(fs filesystem, name string) (int64, error) {
	f, err := fs.Open(name)
	if err != nil {
		return 0, unlessDamaged(err)
	}
	defer f.Close() //nolint:errcheck // nothing was written
	size, err := f.Size()
	return size, unlessDamaged(err)
}

// unlessDamaged returns nil for an error that says that the content of a file is lost. Others, such as a missing permission or too many open
// files, say nothing about it: reading is retried.
func unlessDamaged(err error) error {
	for _, damage := range []error{syscall.EIO, os.ErrNotExist, io.ErrUnexpectedEOF, io.EOF, syscall.EISDIR, syscall.ELOOP, syscall.ENOTDIR, syscall.EUCLEAN} {
		if errors.Is(err, damage) {
			return nil
		}
	}
	return err
}

// osFilesystem is the file system of the operating system.
type osFilesystem struct{ bootID string }

type osFile struct{ *os.File }

func (f osFile) Sync() error { return dataSync(f.File) }

func (f osFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func (osFilesystem) Create(name string) (file, error) {
	f, err := os.OpenFile(filepath.Clean(name), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

func (osFilesystem) Open(name string) (file, error) {
	f, err := os.Open(filepath.Clean(name))
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

func (osFilesystem) Remove(name string) error { return os.Remove(name) }

func (osFilesystem) Rename(from, to string) error { return os.Rename(from, to) }

func (osFilesystem) Names(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	names := make([]string, 0, len(entries))
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names, err
}

func (osFilesystem) MakeDir(dir string) error { return os.MkdirAll(dir, 0o750) }

func (osFilesystem) Lock(name string) (lock, error) {
	f, err := os.OpenFile(filepath.Clean(name), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := lockFile(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return osLock{f}, nil
}

func (osFilesystem) Same(f io.Closer, name string) bool {
	open, ok := f.(interface{ Stat() (os.FileInfo, error) })
	if !ok {
		return false
	}
	ours, err := open.Stat()
	if err != nil {
		return false
	}
	theirs, err := os.Stat(name)
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return false
	}
	return err != nil || os.SameFile(ours, theirs) // without a permission, the open file can still be used
}

func (f osFilesystem) BootID() string { return f.bootID }

// readBootID supports only Linux.
func readBootID() string {
	id, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(id))
}

type osLock struct{ *os.File }

func (l osLock) Note() string {
	text, _ := io.ReadAll(io.NewSectionReader(l, 0, 1<<20))
	return string(text)
}

func (l osLock) SetNote(text string) error {
	if err := l.Truncate(0); err != nil {
		return err
	}
	_, err := l.WriteAt([]byte(text), 0)
	return errors.Join(err, l.Sync())
}

func (osFilesystem) SyncDir(dir string) error {
	f, err := os.Open(filepath.Clean(dir))
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
