package simulate

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// usage is the resource usage of this process.
type usage struct {
	cpu          time.Duration
	memory, peak int64 // bytes
	goroutines   int
	connections  int
}

func currentUsage() usage {
	u := usage{goroutines: runtime.NumGoroutine(), connections: sockets()}
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) == nil {
		u.cpu = time.Duration(r.Utime.Nano() + r.Stime.Nano())
	}
	status, _ := os.ReadFile("/proc/self/status") // 0 if it is missing
	u.memory, u.peak = kilobytes(status, "VmRSS:"), kilobytes(status, "VmHWM:")
	return u
}

func kilobytes(status []byte, name string) int64 {
	_, rest, _ := bytes.Cut(status, []byte("\n"+name))
	text, _, _ := strings.Cut(string(rest), " kB")
	count, _ := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	return count * 1024
}

// sockets returns the number of connections: this process does not listen.
func sockets() (count int) {
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	for _, file := range files {
		if target, err := os.Readlink("/proc/self/fd/" + file.Name()); err == nil && strings.HasPrefix(target, "socket:") {
			count++
		}
	}
	return count
}

// The open files of a site: up to three connections, because it has one topic with one leader, and those of its outbox.
const (
	filesPerSite   = 3
	filesPerOutbox = 3
)

// checkFiles checks the limit on open files before the topics are created.
func checkFiles(o Options) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return nil //nolint:nilerr // an error follows later if the limit is too low
	}
	needed := o.Sites * filesPerSite
	if o.Outbox != "" {
		needed += o.Sites * filesPerOutbox
	}
	if uint64(needed) <= limit.Max { //nolint:gosec // bounded by Check
		return nil
	}
	return fmt.Errorf("%d sites need about %d open files, but the limit is %d; raise it with \"ulimit -n %[2]d\", or use fewer --sites", o.Sites, needed, limit.Max)
}
