package outbox

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// dataSync leaves out what fsync writes besides: the time of change. Where the file does not grow (see zeroAhead), nothing
// but the data goes to the medium then.
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

// Volatile names the kind of the file system that a directory is on, if what is written there may be gone after a restart: memory, an
// overlay root (Raspberry Pi OS has one as an option), the layer of a container. Else it is empty.
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
