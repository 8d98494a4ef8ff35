// Package disk creates small ext4 file systems on loop devices and counts what is written to them. It requires root.
package disk

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Written counts the requests to a block device; a flush without data is also a request.
type Written struct{ Bytes, Requests int64 }

// Since returns the difference from an earlier count.
func (w Written) Since(earlier Written) Written {
	return Written{w.Bytes - earlier.Bytes, w.Requests - earlier.Requests}
}

// Stat syncs the file system of dir and reads the counters of its block device.
func Stat(device, dir string) (w Written, err error) {
	if err := Sync(dir); err != nil {
		return w, err
	}
	text, err := os.ReadFile("/sys/block/" + device + "/stat") //nolint:gosec // the harness names it
	if err != nil {
		return w, err
	}
	fields := strings.Fields(string(text)) // see Documentation/block/stat.rst of Linux
	if len(fields) < 7 {
		return w, fmt.Errorf("/sys/block/%s/stat has %d fields instead of 7 or more", device, len(fields))
	}
	for i, to := range map[int]*int64{4: &w.Requests, 6: &w.Bytes} {
		if *to, err = strconv.ParseInt(fields[i], 10, 64); err != nil {
			return w, err
		}
	}
	w.Bytes *= 512 // counted in sectors
	return w, nil
}

// Sync syncs the file system of dir.
func Sync(dir string) error {
	folder, err := os.Open(dir) //nolint:gosec // the harness names it
	if err != nil {
		return err
	}
	defer folder.Close() //nolint:errcheck // it was not written to
	return os.NewSyscallError("syncfs", unix.Syncfs(int(folder.Fd())))
}
