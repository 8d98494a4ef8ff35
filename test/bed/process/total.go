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

// Total is what a program and its descendants have used so far. A descendant that has ended is not in it any more.
type Total struct {
	CPU          time.Duration // of all threads, those that have ended too; to the nanosecond
	PeakResident int64         // bytes: the sum of each process's own peak (VmHWM), which may have been at different times
}

// Total adds up the program and its descendants.
func (p *Process) Total() (Total, error) {
	pids, err := family(p.pid)
	if err != nil {
		return Total{}, err
	}
	var sum Total
	for _, pid := range pids {
		one, err := totalOf(pid)
		if pid != p.pid && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ESRCH) || errors.Is(err, unix.EINVAL)) {
			continue // it has just ended
		}
		if err != nil {
			return Total{}, fmt.Errorf("%s (pid %d) cannot be measured: %w", p.name, pid, err)
		}
		sum = sum.Add(one)
	}
	return sum, nil
}

// Add is the sum of two programs that do a job together.
func (t Total) Add(other Total) Total {
	return Total{t.CPU + other.CPU, t.PeakResident + other.PeakResident}
}

func totalOf(pid int) (t Total, err error) {
	if t.CPU, err = clock(pid); err != nil {
		return t, err
	}
	t.PeakResident, err = memory(pid, "VmHWM:")
	return t, err
}

// clock reads a process's CPU clock, whose id is made of its pid (MAKE_PROCESS_CPUCLOCK in the kernel, clock_getcpuclockid in libc).
func clock(pid int) (time.Duration, error) {
	const scheduler = 2 // CPUCLOCK_SCHED
	var now unix.Timespec
	err := unix.ClockGettime(int32(^pid<<3|scheduler), &now) //nolint:gosec // a pid has at most 22 bits
	return time.Duration(now.Nano()), err
}

// family is a process and all its descendants.
func family(pid int) ([]int, error) {
	children, err := allChildren()
	if err != nil {
		return nil, err
	}
	pids := []int{pid}
	for i := 0; i < len(pids); i++ {
		pids = append(pids, children[pids[i]]...)
	}
	return pids, nil
}

// allChildren maps each process to its children.
func allChildren() (map[int][]int, error) {
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	children := map[int][]int{}
	for _, file := range files {
		text, err := os.ReadFile(file) //nolint:gosec // a file of /proc
		if err != nil {
			continue // it has just ended
		}
		// The name, in brackets, may hold anything: what counts follows the last one.
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
