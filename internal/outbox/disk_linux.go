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
