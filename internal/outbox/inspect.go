package outbox

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// TopicState is what waits in an outbox for one queue.
type TopicState struct {
	Topic string `json:"topic"`
	// Waiting are the records; Oldest and Newest are the times of the first and the last reading.
	Pending int64     `json:"waiting"`
	Oldest  time.Time `json:"oldest"`
	Newest  time.Time `json:"newest"`
	// Aside says that the queue was set aside since it cannot be delivered.
	OwnLog bool `json:"aside"`
}

// State is what lies in an outbox's directory.
type State struct {
	Topics []TopicState `json:"topics"`
	Bytes  int64        `json:"bytes"`
	Parked int64        `json:"parked"`
	// Damaged are records that cannot be read.
	Damaged int64 `json:"damaged"`
	// InUse says that an agent runs with it.
	InUse bool `json:"in_use"`
}

// Inspect looks at an outbox's directory and changes nothing; an agent may use it meanwhile.
func Inspect(dir string) (*State, error) {
	if _, err := os.Stat(dir); err != nil {
		return nil, fmt.Errorf("no outbox: %w", err)
	}
	var state *State
	var err error
	for range 5 { // an agent removes files that are done while they are read
		state = &State{}
		if err = state.inspect(dir); err == nil && state.Damaged == 0 {
			break
		}
	}
	slices.SortFunc(state.Topics, func(a, b TopicState) int { return cmp.Compare(a.Topic, b.Topic) })
	return state, err
}

func (s *State) inspect(dir string) error {
	names, err := disk{}.Names(dir)
	if err != nil {
		return err
	}
	s.InUse = lockHeld(filepath.Join(dir, "lock"))
	queues := make(map[string]*TopicState)
	for _, name := range names {
		escaped, aside := strings.CutPrefix(name, asidePrefix)
		if _, err := url.PathUnescape(escaped); aside && err == nil || name == "log" {
			if err := s.read(filepath.Join(dir, name), aside, queues); err != nil {
				return err
			}
		}
	}
	for _, q := range queues {
		s.Topics = append(s.Topics, *q)
	}
	parked, err := ListParked(dir)
	s.Parked = int64(len(parked))
	return err
}

// read counts what waits in one log.
func (s *State) read(dir string, aside bool, queues map[string]*TopicState) error {
	l := segmentLog{fs: readOnly{}, dir: dir, memo: func() []byte { return nil }}
	l.damaged = func(records uint64, _ string, _ []byte) { s.Damaged += int64(records) } //nolint:gosec // a count
	if _, err := l.open(); err != nil {
		return err
	}
	s.Bytes += l.bytes()
	for l.unread() {
		for _, r := range l.read(1000, 1<<20) {
			q := queues[r.Topic]
			at := time.Unix(0, r.Time).UTC()
			if q == nil {
				q = &TopicState{Topic: r.Topic, Oldest: at}
				queues[r.Topic] = q
			}
			q.Pending++
			q.Newest = at
			q.OwnLog = q.OwnLog || aside
			if at.Before(q.Oldest) {
				q.Oldest = at
			}
		}
	}
	return nil
}

// readOnly is the disk, of which nothing is changed.
type readOnly struct{ disk }

var errReadOnly = errors.New("only looked at")

func (readOnly) Create(string) (file, error) { return nil, errReadOnly }

func (readOnly) Remove(string) error { return errReadOnly }

func (readOnly) Rename(string, string) error { return errReadOnly }

func (readOnly) MakeDir(string) error { return errReadOnly }

func (readOnly) Lock(string) (io.Closer, error) { return nil, errReadOnly }

// lockHeld makes no file: if root did, the agent's user could not open it.
func lockHeld(name string) bool {
	f, err := os.Open(filepath.Clean(name))
	if err != nil {
		return false
	}
	defer f.Close() //nolint:errcheck // it ends the lock too
	return errors.Is(lockFile(f), ErrInUse)
}
