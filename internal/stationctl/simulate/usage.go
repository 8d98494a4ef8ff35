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

// usage is what this process takes now.
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
	status, _ := os.ReadFile("/proc/self/status") // without it: 0
	u.memory, u.peak = kilobytes(status, "VmRSS:"), kilobytes(status, "VmHWM:")
	return u
}

func kilobytes(status []byte, name string) int64 {
	_, rest, _ := bytes.Cut(status, []byte("\n"+name))
	text, _, _ := strings.Cut(string(rest), " kB")
	count, _ := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	return count * 1024
}

// sockets are the connections: nothing listens here.
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

// The open files of a site: two or three connections, since it has one topic, with one leader; and those of its outbox.
const (
	filesOfSite   = 3
	filesOfOutbox = 3
)

// checkFiles looks at how many files may be open, before Kafka is told that thousands of stations come.
func checkFiles(o Options) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return nil //nolint:nilerr // then it is found out
	}
	needed := o.Sites * filesOfSite
	if o.Outbox != "" {
		needed += o.Sites * filesOfOutbox
	}
	if uint64(needed) <= limit.Max { //nolint:gosec // bounded by Check
		return nil
	}
	return fmt.Errorf("%d sites need some %d open files, and this shell allows %d: raise it (ulimit -n %[2]d), or give fewer --sites", o.Sites, needed, limit.Max)
}
