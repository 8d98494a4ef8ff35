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

// Holder is a process that has the port open or locked.
type Holder struct {
	PID     int
	Name    string // as in /proc/PID/comm
	Command string // with its arguments, cut
}

// String is for a person.
func (h Holder) String() string { return fmt.Sprintf("%s (pid %d: %s)", h.Name, h.PID, h.Command) }

// WhoHas tells who has a port: whoever has locked it, else one of those whose open files this user may see (root sees all).
func (s System) WhoHas(path string) (Holder, bool) {
	var status unix.Stat_t
	if err := unix.Stat(path, &status); err != nil {
		return Holder{}, false
	}
	pids := s.lockedBy(&status)
	if len(pids) == 0 {
		pids = s.openedBy(status.Rdev)
	}
	if len(pids) == 0 {
		return Holder{}, false
	}
	return s.holder(pids[0]), true
}

// openedBy lists the other processes that have a device open.
func (s System) openedBy(device uint64) []int {
	var pids []int
	links, _ := filepath.Glob(filepath.Join(s.Proc, "[0-9]*/fd/*")) // the pattern is a good one
	for _, link := range links {
		// Only what is in /dev is looked at: a file on a dead network disk would hang us.
		target, err := os.Readlink(link)
		if err != nil || !strings.HasPrefix(target, s.Dev+"/") {
			continue
		}
		var status unix.Stat_t
		pid := pidOf(filepath.Dir(filepath.Dir(link)))
		if pid != os.Getpid() && !slices.Contains(pids, pid) && unix.Stat(link, &status) == nil && isDevice(&status, device) {
			pids = append(pids, pid)
		}
	}
	return pids
}

func isDevice(status *unix.Stat_t, device uint64) bool {
	return status.Mode&unix.S_IFMT == unix.S_IFCHR && status.Rdev == device
}

// lockedBy reads /proc/locks, which shows every user's locks: "1: FLOCK  ADVISORY  WRITE 1234 00:05:678 0 EOF", where the
// sixth word is the file system's device in hex and the file's inode. A process of another container has pid 0.
func (s System) lockedBy(file *unix.Stat_t) []int {
	text, err := os.ReadFile(filepath.Join(s.Proc, "locks"))
	if err != nil {
		return nil
	}
	wanted := fmt.Sprintf("%02x:%02x:%d", unix.Major(file.Dev), unix.Minor(file.Dev), file.Ino)
	var pids []int
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		if len(words) < 6 || words[1] != "FLOCK" || words[5] != wanted {
			continue
		}
		if pid, err := strconv.Atoi(words[4]); err == nil && pid > 0 {
			pids = append(pids, pid)
		}
	}
	return pids
}

// commandLength is how many bytes of a command line are shown.
const commandLength = 100

func (s System) holder(pid int) Holder {
	folder := filepath.Join(s.Proc, strconv.Itoa(pid))
	command, _ := os.ReadFile(filepath.Join(folder, "cmdline")) //nolint:gosec // a file of /proc; it may have ended
	text := string(bytes.TrimSpace(bytes.ReplaceAll(command, []byte{0}, []byte(" "))))
	if len(text) > commandLength {
		text = text[:commandLength] + "..."
	}
	return Holder{PID: pid, Name: processName(folder), Command: text}
}

func processName(folder string) string {
	name, err := os.ReadFile(filepath.Join(folder, "comm")) //nolint:gosec // a file of /proc
	if err != nil {
		return "a program"
	}
	return strings.TrimSpace(string(name))
}

func pidOf(folder string) int {
	pid, _ := strconv.Atoi(filepath.Base(folder)) // the pattern asked for digits
	return pid
}

// Runs tells whether a program of that name runs; every user may see that.
func (s System) Runs(name string) bool {
	folders, _ := filepath.Glob(filepath.Join(s.Proc, "[0-9]*")) // the pattern is a good one
	return slices.ContainsFunc(folders, func(folder string) bool { return processName(folder) == name })
}
