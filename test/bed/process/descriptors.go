package process

import "os"

// Descriptors counts the open files, sockets and pipes of this process, to find out what was left open.
func Descriptors() (int, error) {
	entries, err := os.ReadDir("/proc/self/fd")
	return len(entries), err
}
