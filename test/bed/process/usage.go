package process

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Usage is what a process uses, or several processes together.
type Usage struct {
	CPU          time.Duration // user and system time since the start, threads that have exited included; exact to the nanosecond
	Resident     int64         // bytes of memory in use (VmRSS)
	PeakResident int64         // most bytes in use so far (VmHWM); for several processes the sum of their peaks
}

// Add returns the sum of two usages.
func (u Usage) Add(other Usage) Usage {
	return Usage{u.CPU + other.CPU, u.Resident + other.Resident, u.PeakResident + other.PeakResident}
}

// UsageOf returns the usage of one process, without its children.
func UsageOf(pid int) (u Usage, err error) {
	if u.CPU, err = cpuTime(pid); err != nil {
		return u, fmt.Errorf("process %d: %w", pid, err)
	}
	if u.Resident, err = memory(pid, "VmRSS:"); err != nil {
		return u, err
	}
	u.PeakResident, err = memory(pid, "VmHWM:")
	return u, err
}

// Usage returns the usage of the program without its children.
func (p *Process) Usage() (Usage, error) { return UsageOf(p.pid) }

// TotalUsage returns the usage of the program and its descendants. Descendants that have exited do not count.
func (p *Process) TotalUsage() (Usage, error) {
	pids, err := withDescendants(p.pid)
	if err != nil {
		return Usage{}, err
	}
	var sum Usage
	for _, pid := range pids {
		one, err := UsageOf(pid)
		if pid != p.pid && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ESRCH) || errors.Is(err, unix.EINVAL)) {
			continue // it has just exited
		}
		if err != nil {
			return Usage{}, fmt.Errorf("cannot measure %s: %w", p.name, err)
		}
		sum = sum.Add(one)
	}
	return sum, nil
}

// cpuTime reads the CPU clock of a process. Its ID is computed from the PID (MAKE_PROCESS_CPUCLOCK in the kernel, clock_getcpuclockid in libc).
func cpuTime(pid int) (time.Duration, error) {
	const scheduler = 2 // CPUCLOCK_SCHED
	var now unix.Timespec
	err := unix.ClockGettime(int32(^pid<<3|scheduler), &now) //nolint:gosec // a PID has at most 22 bits
	return time.Duration(now.Nano()), err
}

// memory returns a value of /proc/PID/status in bytes. A process that has exited has none, even while its PID is kept.
func memory(pid int, name string) (int64, error) {
	path := fmt.Sprintf("/proc/%d/status", pid)
	text, err := os.ReadFile(path) //nolint:gosec // a file of /proc
	if err != nil {
		return 0, err
	}
	_, rest, found := strings.Cut(string(text), name)
	if !found {
		return 0, fmt.Errorf("process %d has exited: %w", pid, os.ErrNotExist)
	}
	var kibibytes int64
	_, err = fmt.Sscan(rest, &kibibytes)
	return kibibytes * 1024, err
}

// withDescendants returns a process and all its descendants.
func withDescendants(pid int) ([]int, error) {
	children, err := childrenByParent()
	if err != nil {
		return nil, err
	}
	pids := []int{pid}
	for i := 0; i < len(pids); i++ {
		pids = append(pids, children[pids[i]]...)
	}
	return pids, nil
}

func childrenByParent() (map[int][]int, error) {
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	children := map[int][]int{}
	for _, file := range files {
		text, err := os.ReadFile(file) //nolint:gosec // a file of /proc
		if err != nil {
			continue // it has just exited
		}
		// The name in parentheses can contain anything: the fields follow the last parenthesis.
		var state string
		var parent int
		if _, err := fmt.Sscan(string(text[strings.LastIndexByte(string(text), ')')+1:]), &state, &parent); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		child, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err != nil {
			return nil, err
		}
		children[parent] = append(children[parent], child)
	}
	return children, nil
}
