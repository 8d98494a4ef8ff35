package process

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// CPU is the processor time that the program has used so far. It is exact to a microsecond where the kernel counts so
// (/proc/PID/task/TID/schedstat); threads that have ended are not in it.
func (p *Process) CPU() (time.Duration, error) {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", p.pid))
	if err != nil {
		return 0, err
	}
	var total time.Duration
	for _, thread := range threads {
		text, err := os.ReadFile(thread) //nolint:gosec // a file of /proc
		if os.IsNotExist(err) {
			continue // it has just ended
		}
		if err != nil {
			return 0, err
		}
		var nanoseconds int64
		if _, err := fmt.Sscan(string(text), &nanoseconds); err != nil {
			return 0, fmt.Errorf("%s: %w", thread, err)
		}
		total += time.Duration(nanoseconds)
	}
	return total, nil
}

// Resident is how many bytes of memory the program has in use (VmRSS).
func (p *Process) Resident() (int64, error) { return p.memory("VmRSS:") }

// Peak is the most that it has had in use (VmHWM). A child's ru_maxrss would count the memory of the program that started it.
func (p *Process) Peak() (int64, error) { return p.memory("VmHWM:") }

func (p *Process) memory(name string) (int64, error) {
	bytes, err := memory(p.pid, name)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", p.name, err)
	}
	return bytes, nil
}

// memory is one of the figures of /proc/PID/status, in bytes. A process that has ended has none, even while its id is kept.
func memory(pid int, name string) (int64, error) {
	path := fmt.Sprintf("/proc/%d/status", pid)
	text, err := os.ReadFile(path) //nolint:gosec // a file of /proc
	if err != nil {
		return 0, err
	}
	_, rest, found := strings.Cut(string(text), name)
	if !found {
		return 0, fmt.Errorf("pid %d has no memory any more: %w", pid, os.ErrNotExist)
	}
	var kibibytes int64
	_, err = fmt.Sscan(rest, &kibibytes)
	return kibibytes * 1024, err
}
