package outbox

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// dataSync leaves out the time of change, which fsync writes too. If the file does not grow (see zeroAhead), only the data is written.
func dataSync(f *os.File) error {
	for {
		err := unix.Fdatasync(int(f.Fd()))
		if !errors.Is(err, unix.EINTR) {
			return os.NewSyscallError("fdatasync "+f.Name(), err)
		}
	}
}

func lockFile(f *os.File) error {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return ErrInUse
	}
	return os.NewSyscallError("flock", err)
}

// Volatile returns the kind of a directory's file system if its content may be lost on restart: memory, an overlay root (an option of
// Raspberry Pi OS), or the layer of a container. Otherwise it returns "".
func Volatile(dir string) string {
	var stat unix.Statfs_t
	if unix.Statfs(dir, &stat) != nil {
		return ""
	}
	switch int64(stat.Type) { //nolint:unconvert // 32 bits on some processors
	case unix.TMPFS_MAGIC:
		return "tmpfs"
	case unix.OVERLAYFS_SUPER_MAGIC:
		return "overlay"
	default:
		return ""
	}
}
