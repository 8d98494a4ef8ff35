package outbox

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// TopicState describes the pending records of a topic.
type TopicState struct {
	Topic   string `json:"topic"`
	Pending int64  `json:"waiting"`
	// Oldest and Newest are the times of the first and the last reading.
	Oldest time.Time `json:"oldest"`
	Newest time.Time `json:"newest"`
	// OwnLog is true if the records moved to a log of their own, because the topic cannot be delivered.
	OwnLog bool `json:"aside"`
}

// State describes an outbox directory.
type State struct {
	Topics []TopicState `json:"topics"`
	Bytes  int64        `json:"bytes"`
	Parked int64        `json:"parked"`
	// Damaged counts the records that cannot be read.
	Damaged int64 `json:"damaged"`
	// InUse is true if an agent uses the directory.
	InUse bool `json:"in_use"`
}

// Inspect describes an outbox directory without changing it. An agent may be using it.
func Inspect(dir string) (*State, error) {
	if _, err := os.Stat(dir); err != nil {
		return nil, fmt.Errorf("no outbox: %w", err)
	}
	var state *State
	var err error
	for range 5 { // an agent may remove files while they are read
		state = &State{}
		if err = state.inspect(dir); err == nil && state.Damaged == 0 {
			break
		}
	}
	slices.SortFunc(state.Topics, func(a, b TopicState) int { return cmp.Compare(a.Topic, b.Topic) })
	return state, err
}

func (s *State) inspect(dir string) error {
	names, err := osFilesystem{}.Names(dir)
	if err != nil {
		return err
	}
	s.InUse = lockHeld(filepath.Join(dir, "lock"))
	topics := make(map[string]*TopicState)
	for _, name := range names {
		if _, ownLog := topicOfDir(name); ownLog || name == "log" {
			if err := s.readLog(filepath.Join(dir, name), ownLog, topics); err != nil {
				return err
			}
		}
	}
	for _, t := range topics {
		s.Topics = append(s.Topics, *t)
	}
	parked, err := ListParked(dir)
	s.Parked = int64(len(parked))
	return err
}

// readLog adds the pending records of one log.
func (s *State) readLog(dir string, ownLog bool, topics map[string]*TopicState) error {
	l := segmentLog{fs: readOnly{}, dir: dir}
	l.damaged = func(records uint64, _ string, _ []byte) { s.Damaged += int64(records) } //nolint:gosec // a count
	if _, err := l.open(); err != nil {
		return err
	}
	s.Bytes += l.bytes()
	for l.unread() {
		records, err := l.read(1000, 1<<20)
		if err != nil {
			return err
		}
		for _, r := range records {
			at := time.Unix(0, r.Time).UTC()
			t := topics[r.Topic]
			if t == nil {
				t = &TopicState{Topic: r.Topic, Oldest: at}
				topics[r.Topic] = t
			}
			t.Pending++
			t.Newest = at
			t.OwnLog = t.OwnLog || ownLog
			if at.Before(t.Oldest) {
				t.Oldest = at
			}
		}
	}
	return nil
}

// readOnly is a file system that changes nothing.
type readOnly struct{ osFilesystem }

var errReadOnly = errors.New("read-only")

func (readOnly) Create(string) (file, error) { return nil, errReadOnly }

func (readOnly) Remove(string) error { return errReadOnly }

func (readOnly) Rename(string, string) error { return errReadOnly }

func (readOnly) MakeDir(string) error { return errReadOnly }

func (readOnly) Lock(string) (lock, error) { return nil, errReadOnly }

// lockHeld reports whether an agent holds the lock. It does not create the file: the agent could not open one that root creates.
func lockHeld(name string) bool {
	f, err := os.Open(filepath.Clean(name))
	if err != nil {
		return false
	}
	defer f.Close() //nolint:errcheck // this releases the lock too
	return errors.Is(lockFile(f), ErrInUse)
}
