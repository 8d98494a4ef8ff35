package outbox

import (
	"errors"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
	"syscall"
)

const page = 512

// memory is a filesystem that can lose its power, be full, and damage what it holds.
type memoryFS struct {
	// names is what a running program sees; durable what a power cut leaves at least, journal what else it may leave: as in a
	// journaling filesystem, the changes up to some moment.
	names, durable map[string]*fileContent
	journal        []change
	locked         bool
	// lockNote is that of the lock; boots counts the power cuts.
	lockNote string
	boots    int
	// room is how many bytes may still be written; syncFails how many syncs fail.
	room      int
	syncFails int
	// onWrite is called before each write.
	onWrite func()
	// onSync is called before each sync of a file.
	onSync func()
}

// fileContent is a file: what is seen, what is surely on the medium, and which pages differ.
type fileContent struct {
	seen, synced []byte
	dirty        map[int]bool
}

// change is that a name is of a fileContent from now on, or of none.
type change struct {
	name        string
	fileContent *fileContent
}

const unbounded = 1 << 30

func newMemoryFS() *memoryFS {
	return &memoryFS{names: make(map[string]*fileContent), durable: make(map[string]*fileContent), room: unbounded}
}

// powerCut is what is found afterwards: of what was not synced, some.
func (m *memoryFS) powerCut(random *rand.Rand) *memoryFS {
	after := newMemoryFS()
	after.room, after.lockNote, after.boots = m.room, m.lockNote, m.boots+1
	left := maps.Clone(m.durable)
	for _, change := range m.journal[:random.IntN(len(m.journal)+1)] {
		change.apply(left)
	}
	for _, name := range slices.Sorted(maps.Keys(left)) {
		after.put(name, left[name].afterPowerCut(random))
	}
	return after
}

func (c change) apply(names map[string]*fileContent) {
	if c.fileContent == nil {
		delete(names, c.name)
		return
	}
	names[c.name] = c.fileContent
}

func (m *memoryFS) note(name string, c *fileContent) {
	change := change{name, c}
	change.apply(m.names)
	m.journal = append(m.journal, change)
}

// killed is what is found after kill -9: all that was written.
func (m *memoryFS) killed() *memoryFS {
	m.locked = false
	return m
}

// copied is what another process would find if this one were killed now.
func (m *memoryFS) copied() *memoryFS {
	after := newMemoryFS()
	for name, c := range m.names {
		after.put(name, slices.Clone(c.seen))
	}
	return after
}

func (m *memoryFS) put(name string, data []byte) {
	c := &fileContent{seen: data, synced: append([]byte(nil), data...), dirty: make(map[int]bool)}
	m.names[name], m.durable[name] = c, c
}

func (c *fileContent) afterPowerCut(random *rand.Rand) []byte {
	data := append([]byte(nil), c.synced...)
	for _, p := range slices.Sorted(maps.Keys(c.dirty)) {
		if random.IntN(2) == 0 {
			continue
		}
		end := min(len(c.seen), (p+1)*page)
		if end > len(data) {
			data = append(data, make([]byte, end-len(data))...)
		}
		copy(data[p*page:end], c.seen[p*page:end])
	}
	return data
}

// flip damages one byte of a random log; it returns false if there is none.
func (m *memoryFS) flip(random *rand.Rand) bool {
	var names []string
	for name, c := range m.names {
		if strings.HasSuffix(name, segmentSuffix) && len(c.seen) > 0 {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return false
	}
	sort.Strings(names)
	c := m.names[names[random.IntN(len(names))]]
	used := len(strings.TrimRight(string(c.seen), "\x00"))
	if used == 0 {
		return false
	}
	at := random.IntN(used)
	c.seen[at] ^= byte(1 + random.IntN(255))
	if at < len(c.synced) {
		c.synced[at] = c.seen[at] // for good
	}
	return true
}

type memoryFile struct {
	fs *memoryFS
	*fileContent
}

func (f *memoryFile) ReadAt(data []byte, offset int64) (int, error) {
	if offset >= int64(len(f.seen)) {
		return 0, io.EOF
	}
	n := copy(data, f.seen[offset:])
	if n < len(data) {
		return n, io.EOF
	}
	return n, nil
}

// WriteAt writes what there is room for, as a full disk does.
func (f *memoryFile) WriteAt(data []byte, offset int64) (int, error) {
	if f.fs.onWrite != nil {
		f.fs.onWrite()
	}
	end := int(offset) + len(data)
	if grow := end - len(f.seen); grow > f.fs.room {
		end -= grow - f.fs.room
	}
	if grow := end - len(f.seen); grow > 0 {
		f.seen = append(f.seen, make([]byte, grow)...)
		f.fs.room -= grow
	}
	n := 0
	if end > int(offset) {
		n = copy(f.seen[offset:end], data)
		for p := int(offset) / page; p <= (end-1)/page; p++ {
			f.dirty[p] = true
		}
	}
	if n < len(data) {
		return n, syscall.ENOSPC
	}
	return n, nil
}

func (f *memoryFile) Sync() error {
	if f.fs.onSync != nil {
		f.fs.onSync()
	}
	if f.fs.syncFails > 0 {
		f.fs.syncFails--
		return syscall.EIO
	}
	for p := range f.dirty {
		end := min(len(f.seen), (p+1)*page)
		if end > len(f.synced) {
			f.synced = append(f.synced, make([]byte, end-len(f.synced))...)
		}
		copy(f.synced[p*page:end], f.seen[p*page:end])
	}
	clear(f.dirty)
	return nil
}

func (f *memoryFile) Size() (int64, error) { return int64(len(f.seen)), nil }

func (*memoryFile) Close() error { return nil }

func (m *memoryFS) Create(name string) (file, error) {
	if m.names[name] != nil {
		return nil, os.ErrExist
	}
	if m.room == 0 {
		return nil, syscall.ENOSPC
	}
	m.note(name, &fileContent{dirty: make(map[int]bool)})
	return &memoryFile{m, m.names[name]}, nil
}

func (m *memoryFS) Open(name string) (file, error) {
	if m.names[name] == nil {
		return nil, os.ErrNotExist
	}
	return &memoryFile{m, m.names[name]}, nil
}

func (m *memoryFS) Remove(name string) error {
	if c := m.names[name]; c != nil {
		m.room += len(c.seen)
		if m.room > unbounded {
			m.room = unbounded
		}
	}
	m.note(name, nil)
	return nil
}

func (m *memoryFS) Rename(from, to string) error {
	m.note(to, m.names[from])
	m.note(from, nil)
	return nil
}

func (m *memoryFS) Names(dir string) ([]string, error) {
	found := make(map[string]bool)
	for name := range m.names {
		if rest, below := strings.CutPrefix(name, dir+string(filepath.Separator)); below {
			first, _, _ := strings.Cut(rest, string(filepath.Separator))
			found[first] = true
		}
	}
	names := make([]string, 0, len(found))
	for name := range found {
		names = append(names, name)
	}
	sort.Strings(names)
	return names, nil
}

func (*memoryFS) MakeDir(string) error { return nil }

func (m *memoryFS) SyncDir(string) error {
	m.durable, m.journal = maps.Clone(m.names), nil
	return nil
}

type memoryLock struct{ *memoryFS }

func (l memoryLock) Close() error {
	l.locked = false
	return nil
}

func (l memoryLock) Note() string { return l.lockNote }

func (l memoryLock) SetNote(text string) error {
	l.lockNote = text
	return nil
}

func (m *memoryFS) Lock(string) (lock, error) {
	if m.locked {
		return nil, errors.New("locked twice")
	}
	m.locked = true
	return memoryLock{m}, nil
}

func (m *memoryFS) BootID() string { return strconv.Itoa(m.boots) }

func (m *memoryFS) Same(f io.Closer, name string) bool {
	file, ok := f.(*memoryFile)
	return !ok || m.names[name] == file.fileContent
}
