package serialport

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// localPort implements Port for a device of this computer.
type localPort struct {
	path string
	// descriptor is that of file, for ioctls; os.File.Fd would make the file blocking.
	descriptor int
	file       *os.File
	// switchDTR is the function of that name, except in tests: no simulated port has a DTR line.
	switchDTR func(descriptor int, on bool) error
}

// Read implements Port. When the device was unplugged, the kernel returns end of file or an input/output error.
func (p *localPort) Read(chunk []byte) (int, error) {
	n, err := p.file.Read(chunk)
	if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		return n, nil
	}
	if errors.Is(err, io.EOF) || errors.Is(err, unix.EIO) {
		return n, fmt.Errorf("%s: %w; check the cable", p.path, ErrLost)
	}
	return n, fmt.Errorf("%s: %w: %w; check the cable", p.path, ErrLost, err)
}

// SetReadDeadline implements Port.
func (p *localPort) SetReadDeadline(until time.Time) error { return p.file.SetReadDeadline(until) }

// Close releases the port. It clears TIOCEXCL, which the kernel would keep while another process has the port open. No descriptor
// stays open: otherwise a replugged ttyUSB0 would become ttyUSB1.
func (p *localPort) Close() error {
	_ = unix.IoctlSetInt(p.descriptor, unix.TIOCNXCL, 0) // fails if the device is gone
	return p.file.Close()
}

// resetPulse is how long DTR is off. Any edge resets an Arduino, through a capacitor; its own tools use 100 ms.
const resetPulse = 100 * time.Millisecond

// Reset implements Port.
func (p *localPort) Reset() error {
	if err := p.switchDTR(p.descriptor, false); err != nil {
		return fmt.Errorf("%s: %w (%w)", p.path, ErrNoReset, err)
	}
	time.Sleep(resetPulse)
	return p.switchDTR(p.descriptor, true)
}

func switchDTR(descriptor int, on bool) error {
	request := uint(unix.TIOCMBIC)
	if on {
		request = unix.TIOCMBIS
	}
	return unix.IoctlSetPointerInt(descriptor, request, unix.TIOCM_DTR)
}

// interruptCounts is struct serial_icounter_struct of linux/serial.h.
type interruptCounts struct {
	_                      [6]int32 // cts, dsr, rng, dcd, rx, tx
	frame, overrun, parity int32
	_                      int32 // brk
	bufferOverrun          int32
	_                      [9]int32
}

// LineErrors implements Port; a driver without counters, such as a pty, returns ENOTTY.
func (p *localPort) LineErrors() (LineErrors, bool) {
	var counts interruptCounts
	//nolint:gosec // the kernel fills the struct; none of our libraries wraps this ioctl
	_, _, failed := unix.Syscall(unix.SYS_IOCTL, uintptr(p.descriptor), unix.TIOCGICOUNT, uintptr(unsafe.Pointer(&counts)))
	return LineErrors{
		Framing: int64(counts.frame), Overrun: int64(counts.overrun) + int64(counts.bufferOverrun), Parity: int64(counts.parity),
	}, failed == 0
}
