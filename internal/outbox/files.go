package outbox

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"sort"
)

// file is an open file of the outbox; positions are explicit, so that reading and appending need no order.
type file interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	// Sync returns when the content is on the medium.
	Sync() error
	Size() (int64, error)
}

// files is what the outbox needs of a filesystem. Tests put one in its place that forgets what was not synced, or is full.
type files interface {
	// Create makes a new file for reading and writing.
	Create(name string) (file, error)
	Open(name string) (file, error)
	Remove(name string) error
	Rename(from, to string) error
	// Names are the entries of a directory, sorted; a directory that is not there has none.
	Names(dir string) ([]string, error)
	MakeDir(dir string) error
	// SyncDir returns when the names in a directory are on the medium.
	SyncDir(dir string) error
	// Lock takes a lock that ends with the process; ErrInUse says that another one has it.
	Lock(name string) (io.Closer, error)
}

// disk is the operating system's.
type disk struct{}

type diskFile struct{ *os.File }

func (f diskFile) Sync() error { return dataSync(f.File) }

func (f diskFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func (disk) Create(name string) (file, error) {
	f, err := os.OpenFile(filepath.Clean(name), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	return diskFile{f}, nil
}

func (disk) Open(name string) (file, error) {
	f, err := os.Open(filepath.Clean(name))
	if err != nil {
		return nil, err
	}
	return diskFile{f}, nil
}

func (disk) Remove(name string) error { return os.Remove(name) }

func (disk) Rename(from, to string) error { return os.Rename(from, to) }

func (disk) Names(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	names := make([]string, 0, len(entries))
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	sort.Strings(names)
	return names, err
}

func (disk) MakeDir(dir string) error { return os.MkdirAll(dir, 0o750) }

func (disk) Lock(name string) (io.Closer, error) {
	f, err := os.OpenFile(filepath.Clean(name), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := lockFile(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func (disk) SyncDir(dir string) error {
	f, err := os.Open(filepath.Clean(dir))
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
