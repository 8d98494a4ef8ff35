package outbox

import (
	"encoding/json"
	"path/filepath"
)

// note is what the lock says about the other files: damage can take whole segments without a trace in the rest.
type note struct {
	// BootID is that of the machine while a process uses the directory, and empty after it was closed.
	BootID string `json:"boot_id,omitempty"`
	// Newest has the id that begins the newest segment of each log.
	Newest map[string]uint64 `json:"newest,omitempty"`
}

// readNote returns what the last process that used the directory noted; an unreadable note is an empty one.
func readNote(l lock) (n note) {
	_ = json.Unmarshal([]byte(l.Note()), &n)
	return n
}

// isPowerCut reports whether the machine stopped before the directory was closed.
func (n note) isPowerCut(bootID string) bool { return n.BootID != "" && n.BootID != bootID }

// missing returns the logs whose newest segments are gone.
func (n note) missing(all logs) (names []string) {
	found := newest(all.list())
	for name, first := range n.Newest {
		if found[name] < first {
			names = append(names, name)
		}
	}
	return names
}

// newest returns the id that begins the newest segment of each log that has one.
func newest(logs []*segmentLog) map[string]uint64 {
	ids := make(map[string]uint64, len(logs))
	for _, l := range logs {
		if n := len(l.segments); n > 0 {
			ids[filepath.Base(l.dir)] = l.segments[n-1].first
		}
	}
	return ids
}

// isCurrent reports whether nothing has changed since the note was written. It is called with each append.
func (n note) isCurrent(logs []*segmentLog, bootID string) bool {
	count := 0
	for _, l := range logs {
		if last := len(l.segments) - 1; last >= 0 {
			if n.Newest[filepath.Base(l.dir)] != l.segments[last].first {
				return false
			}
			count++
		}
	}
	return count == len(n.Newest) && n.BootID == bootID
}

// writeNote updates the note if segments were started. If that fails, missing ones pass unnoticed.
func (o *Outbox) writeNote(logs []*segmentLog, bootID string) {
	if o.noted.isCurrent(logs, bootID) {
		return
	}
	n := note{BootID: bootID, Newest: newest(logs)}
	text, err := json.Marshal(n)
	if err == nil && o.lock.SetNote(string(text)) == nil {
		o.noted = n
	}
}
