package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// usage is what processes have used so far, and have now.
type usage struct {
	CPU         time.Duration
	Memory      int64 // bytes, resident
	Connections int
}

// usageOf adds up processes.
func usageOf(pids []int) (sum usage, err error) {
	for _, pid := range pids {
		u, err := usageOfOne(pid)
		if err != nil {
			return sum, fmt.Errorf("process %d: %w", pid, err)
		}
		sum.CPU, sum.Memory, sum.Connections = sum.CPU+u.CPU, sum.Memory+u.Memory, sum.Connections+u.Connections
	}
	return sum, nil
}

// tick is the unit of the times in /proc/PID/stat, on every architecture that Go runs on.
const tick = 10 * time.Millisecond

func usageOfOne(pid int) (u usage, err error) {
	dir := fmt.Sprintf("/proc/%d/", pid)
	stat, err := os.ReadFile(dir + "stat") //nolint:gosec // of the kernel
	if err != nil {
		return u, err
	}
	text := string(stat)
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:]) // the name before it may have blanks
	const user, system, resident = 11, 12, 21
	for _, i := range []int{user, system} {
		ticks, err := strconv.ParseInt(fields[i], 10, 64)
		if err != nil {
			return u, err
		}
		u.CPU += time.Duration(ticks) * tick
	}
	pages, err := strconv.ParseInt(fields[resident], 10, 64)
	if err != nil {
		return u, err
	}
	u.Memory = pages * int64(os.Getpagesize())
	files, err := os.ReadDir(dir + "fd")
	for _, file := range files {
		if target, err := os.Readlink(dir + "fd/" + file.Name()); err == nil && strings.HasPrefix(target, "socket:") {
			u.Connections++
		}
	}
	return u, err
}
