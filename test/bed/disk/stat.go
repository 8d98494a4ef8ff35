// Package disk makes small ext4 file systems on loop devices, and tells what was written to them. Making one needs root.
package disk

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Written is what a block device was asked for; a flush without data is a request too.
type Written struct{ Bytes, Requests int64 }

// Since is what came after an earlier count.
func (w Written) Since(earlier Written) Written {
	return Written{w.Bytes - earlier.Bytes, w.Requests - earlier.Requests}
}

// Stat brings everything of dir's file system to its block device and reads that device's counters.
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
	w.Bytes *= 512 // it counts sectors
	return w, nil
}

// Sync syncs the file system that dir is on.
func Sync(dir string) error {
	folder, err := os.Open(dir) //nolint:gosec // the harness names it
	if err != nil {
		return err
	}
	defer folder.Close() //nolint:errcheck // it was not written to
	return os.NewSyscallError("syncfs", unix.Syncfs(int(folder.Fd())))
}
