package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/telegraf-station/telegraf-station/test/bed/process"
)

// usage is what a group of processes uses.
type usage struct {
	process.Usage
	Connections int
}

func usageOf(pids []int) (sum usage, err error) {
	for _, pid := range pids {
		one, err := process.UsageOf(pid)
		if err != nil {
			return sum, err
		}
		connections, err := countSockets(pid)
		if err != nil {
			return sum, err
		}
		sum = usage{sum.Add(one), sum.Connections + connections}
	}
	return sum, nil
}

func countSockets(pid int) (count int, err error) {
	dir := fmt.Sprintf("/proc/%d/fd/", pid)
	files, err := os.ReadDir(dir)
	for _, file := range files {
		if target, err := os.Readlink(dir + file.Name()); err == nil && strings.HasPrefix(target, "socket:") {
			count++
		}
	}
	return count, err
}
