package outbox

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
)

const (
	segmentSuffix = ".log"
	// zeroAhead is how far beyond its data a segment is filled with zeros. An fdatasync after an append within them changes no
	// metadata: without them each append on ext4 costs a journal commit of some 16 KiB besides (README.md, measured).
	zeroAhead = 64 << 10
)

// segment is one file of a log; only the last one is appended to.
type segment struct {
	path string
	// first is the id of its first record.
	first uint64
	// size is where the next frame goes; filled is how far the file reaches.
	size, filled int64
	// file is open in the segment that is appended to.
	file file
}

func segmentName(first uint64) string { return fmt.Sprintf("%016x%s", first, segmentSuffix) }

// findSegments returns the segments of a directory, oldest first.
func findSegments(fs files, dir string) ([]*segment, error) {
	names, err := fs.Names(dir)
	if err != nil {
		return nil, err
	}
	var segments []*segment
	for _, name := range names {
		number, isSegment := strings.CutSuffix(name, segmentSuffix)
		first, err := strconv.ParseUint(number, 16, 64)
		if !isSegment || err != nil || first == 0 || name != segmentName(first) {
			continue
		}
		s := &segment{path: filepath.Join(dir, name), first: first}
		s.measure(fs)
		segments = append(segments, s)
	}
	return segments, nil
}

// measure notes how much of the disk a segment takes that is not appended to.
func (s *segment) measure(fs files) {
	f, err := fs.Open(s.path)
	if err != nil {
		return // who reads it will say so
	}
	defer f.Close() //nolint:errcheck // nothing was written
	if size, err := f.Size(); err == nil {
		s.size, s.filled = size, size
	}
}

// sync syncs a segment that is not appended to, as well as it can be done.
func (s *segment) sync(fs files) {
	if f, err := fs.Open(s.path); err == nil {
		_ = errors.Join(f.Sync(), f.Close())
	}
}

// createSegment makes a file that begins with the state; its first sync comes with the records that it is made for.
func createSegment(fs files, dir string, first uint64, state []byte) (*segment, error) {
	s := &segment{path: filepath.Join(dir, segmentName(first)), first: first}
	var err error
	if s.file, err = fs.Create(s.path); err != nil {
		return nil, err
	}
	header := frame{kind: stateFrame, id: first, payload: state}
	if err = s.append(header.appendTo([]byte(formatName))); err == nil {
		err = fs.SyncDir(dir)
	}
	if err != nil {
		return nil, errors.Join(err, s.close(), fs.Remove(s.path))
	}
	return s, nil
}

// append writes data behind the last frame. After an error the next append goes to the same place.
func (s *segment) append(data []byte) error {
	end, filled := s.size+int64(len(data)), s.filled
	if end > filled {
		filled = (end/zeroAhead + 1) * zeroAhead
		data = append(data, make([]byte, filled-end)...)
	}
	if _, err := s.file.WriteAt(data, s.size); err != nil {
		return err
	}
	s.size, s.filled = end, filled
	return nil
}

// wipe clears what a failed append left, as well as it can be done: a part of it could pass for records that were promised.
func (s *segment) wipe() {
	if end, err := s.file.Size(); err == nil && end > s.size {
		_, _ = s.file.WriteAt(make([]byte, end-s.size), s.size)
	}
}

// undo takes back what was written behind size.
func (s *segment) undo(size int64) error {
	s.size = size
	s.wipe()
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

// load returns the segment's bytes from an offset on.
func (s *segment) load(fs files, offset int64) ([]byte, error) {
	f := s.file
	if f == nil {
		var err error
		if f, err = fs.Open(s.path); err != nil {
			return nil, err
		}
		defer f.Close() //nolint:errcheck // it was only read
	}
	size, err := f.Size()
	if err != nil || size <= offset {
		return nil, err
	}
	if s.file != nil {
		size = s.size // what follows is zeros, or an append under way
	}
	data := make([]byte, size-offset)
	if _, err := f.ReadAt(data, offset); err != nil {
		return nil, fmt.Errorf("%s cannot be read: %w", s.path, err)
	}
	return data, nil
}

// frames are the sound frames from an offset on, and what is damaged. The format's name is not looked at: the frames say enough.
func (s *segment) frames(fs files, offset int64) ([]frame, []damage, error) {
	data, err := s.load(fs, offset)
	if err != nil {
		return nil, nil, err
	}
	if skip := int64(len(formatName)); offset == 0 && strings.HasPrefix(string(data[:min(skip, int64(len(data)))]), formatName) {
		data, offset = data[skip:], skip
	}
	found, damaged := scan(data, offset)
	return found, damaged, nil
}
