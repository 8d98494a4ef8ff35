package outbox

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

const (
	segmentSuffix = ".log"
	newSuffix     = ".new"
	// zeroAhead is how far beyond its data a segment is filled with zeros. An fdatasync after an append within them changes no
	// metadata. Without them, each append on ext4 costs an additional journal commit of about 16 KiB (measured, see README.md).
	zeroAhead = 64 << 10
)

// segment is one file of a log. Only the last one is appended to.
type segment struct {
	path string
	// first is the id of its first record.
	first uint64
	// size is where the next frame goes, filled is the size of the file.
	size, filled int64
	// file is open in the segment that is appended to.
	file file
}

func segmentName(first uint64) string { return fmt.Sprintf("%016x%s", first, segmentSuffix) }

// findSegments returns the segments of a directory, the oldest first. A file has none.
func findSegments(fs filesystem, dir string) ([]*segment, error) {
	names, err := fs.Names(dir)
	if errors.Is(err, syscall.ENOTDIR) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var segments []*segment
	for _, name := range names {
		first, err := strconv.ParseUint(strings.TrimSuffix(name, segmentSuffix), 16, 64)
		if err != nil || first == 0 || name != segmentName(first) {
			continue
		}
		s := &segment{path: filepath.Join(dir, name), first: first}
		if s.size, err = fileSize(fs, s.path); err != nil {
			return nil, err
		}
		s.filled = s.size
		segments = append(segments, s)
	}
	return segments, nil
}

// sync tries to sync a segment that is not appended to.
func (s *segment) sync(fs filesystem) {
	if f, err := fs.Open(s.path); err == nil {
		_ = errors.Join(f.Sync(), f.Close())
	}
}

// createSegment creates a file that begins with the state. It gets its name once the state is synced, so that a segment without a state is
// damaged, whenever the machine stops.
func createSegment(fs filesystem, dir string, first uint64, state []byte) (*segment, error) {
	s := &segment{path: filepath.Join(dir, segmentName(first)), first: first}
	unnamed := s.path + newSuffix
	_ = fs.Remove(unnamed) // a crash may have left one
	var err error
	if s.file, err = fs.Create(unnamed); err != nil {
		return nil, err
	}
	header := frame{kind: stateFrame, id: first, payload: state}
	if err = s.append(header.appendTo([]byte(formatName))); err == nil {
		err = s.file.Sync()
	}
	if err == nil {
		err = fs.Rename(unnamed, s.path)
	}
	if err == nil {
		err = fs.SyncDir(dir)
	}
	if err != nil {
		_ = fs.Remove(s.path)
		return nil, errors.Join(err, s.close(), fs.Remove(unnamed))
	}
	return s, nil
}

// append writes data after the last frame. After an error, the next append goes to the same place.
func (s *segment) append(data []byte) error {
	end, filled := s.size+int64(len(data)), s.filled
	if end > filled {
		filled = (end/zeroAhead + 1) * zeroAhead
		data = append(data, make([]byte, filled-end)...)
	}
	if _, err := s.file.WriteAt(data, s.size); err != nil {
		s.clear()
		return err
	}
	s.size, s.filled = end, filled
	return nil
}

// clear tries to overwrite what a failed append left: part of it could pass for synced records.
func (s *segment) clear() {
	if end, err := s.file.Size(); err == nil && end > s.size {
		_, _ = s.file.WriteAt(make([]byte, end-s.size), s.size)
	}
}

// undo removes what was written after size.
func (s *segment) undo(size int64) error {
	s.size = size
	s.clear()
	return s.file.Sync()
}

func (s *segment) close() error {
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	s.file = nil
	return err
}

// read returns the intact frames after an offset, and what is damaged. It does not check the name of the format: the frames suffice.
func (s *segment) read(fs filesystem, offset int64) ([]frame, []damage, error) {
	data, err := s.load(fs, offset)
	if err != nil {
		return nil, nil, err
	}
	if offset == 0 && bytes.HasPrefix(data, []byte(formatName)) {
		offset = int64(len(formatName))
		data = data[offset:]
	}
	frames, damaged := scan(data, offset)
	return frames, damaged, nil
}

// load returns the bytes of the segment after an offset.
func (s *segment) load(fs filesystem, offset int64) ([]byte, error) {
	f, size := s.file, s.size // what follows is zeros, or an append that failed
	if f == nil {
		var err error
		if f, err = fs.Open(s.path); err != nil {
			return nil, err
		}
		defer f.Close() //nolint:errcheck // it was only read
		if size, err = f.Size(); err != nil {
			return nil, err
		}
	}
	if size <= offset {
		return nil, nil
	}
	data := make([]byte, size-offset)
	if _, err := f.ReadAt(data, offset); err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", s.path, err)
	}
	return data, nil
}
