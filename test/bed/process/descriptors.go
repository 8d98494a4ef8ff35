package process

import "os"

// Descriptors returns the number of open files, sockets, and pipes of this process, to find leaks.
func Descriptors() (int, error) {
	entries, err := os.ReadDir("/proc/self/fd")
	return len(entries), err
}
