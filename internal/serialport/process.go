package serialport

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Process is a process that has a port open or locked.
type Process struct {
	PID     int
	Name    string // as in /proc/PID/comm
	Command string // with its arguments, truncated
}

// String formats the process for a message.
func (p Process) String() string { return fmt.Sprintf("%s (pid %d: %s)", p.Name, p.PID, p.Command) }

// UsedBy returns the process that uses a port: the one that has locked it, else one of those that have it open, as far as this
// user can see their open files (root sees all).
func (s System) UsedBy(path string) (Process, bool) {
	var status unix.Stat_t
	if err := unix.Stat(path, &status); err != nil {
		return Process{}, false
	}
	pids := s.lockedBy(status.Dev, status.Ino)
	if len(pids) == 0 {
		pids = s.openedBy(status.Rdev)
	}
	if len(pids) == 0 {
		return Process{}, false
	}
	return s.process(pids[0]), true
}

// UsedByTelegraf reports whether a Telegraf reads the port.
func (s System) UsedByTelegraf(path string) bool {
	process, found := s.UsedBy(path)
	return found && process.Name == "telegraf"
}

// openedBy lists the other processes that have a device open.
func (s System) openedBy(device uint64) []int {
	var pids []int
	links, _ := filepath.Glob(filepath.Join(s.Proc, "[0-9]*/fd/*")) // the pattern is valid
	for _, link := range links {
		// Only files in /dev are examined: a file on a network disk that is down would block.
		target, err := os.Readlink(link)
		if err != nil || !strings.HasPrefix(target, s.Dev+"/") {
			continue
		}
		var status unix.Stat_t
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(link)))) // the pattern requires digits
		if pid != os.Getpid() && !slices.Contains(pids, pid) && unix.Stat(link, &status) == nil &&
			status.Mode&unix.S_IFMT == unix.S_IFCHR && status.Rdev == device {
			pids = append(pids, pid)
		}
	}
	return pids
}

// lockedBy reads /proc/locks, which shows the locks of all users: "1: FLOCK  ADVISORY  WRITE 1234 00:05:678 0 EOF". The
// sixth word is the device of the file system, in hex, and the inode of the file. A process of another container has pid 0.
func (s System) lockedBy(device, inode uint64) []int {
	text, err := os.ReadFile(filepath.Join(s.Proc, "locks"))
	if err != nil {
		return nil
	}
	file := fmt.Sprintf("%02x:%02x:%d", unix.Major(device), unix.Minor(device), inode)
	var pids []int
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		if len(words) < 6 || words[1] != "FLOCK" || words[5] != file {
			continue
		}
		if pid, err := strconv.Atoi(words[4]); err == nil && pid > 0 {
			pids = append(pids, pid)
		}
	}
	return pids
}

// maxCommand limits how many bytes of a command line are shown.
const maxCommand = 100

func (s System) process(pid int) Process {
	directory := filepath.Join(s.Proc, strconv.Itoa(pid))
	command, _ := os.ReadFile(filepath.Join(directory, "cmdline")) //nolint:gosec // a file of /proc; the process may have exited
	text := string(bytes.TrimSpace(bytes.ReplaceAll(command, []byte{0}, []byte(" "))))
	if len(text) > maxCommand {
		text = text[:maxCommand] + "..."
	}
	return Process{PID: pid, Name: processName(directory), Command: text}
}

func processName(directory string) string {
	name, err := os.ReadFile(filepath.Join(directory, "comm")) //nolint:gosec // a file of /proc
	if err != nil {
		return "a program"
	}
	return strings.TrimSpace(string(name))
}

// IsRunning reports whether a program of that name is running; every user can see that.
func (s System) IsRunning(name string) bool {
	directories, _ := filepath.Glob(filepath.Join(s.Proc, "[0-9]*")) // the pattern is valid
	return slices.ContainsFunc(directories, func(directory string) bool { return processName(directory) == name })
}
