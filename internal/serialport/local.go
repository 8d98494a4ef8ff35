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

// localPort is a device of this computer.
type localPort struct {
	path string
	// descriptor is the file's, for ioctls; os.File.Fd would make it block.
	descriptor int
	file       *os.File
	// switchDTR is the function of that name but in tests, since no simulated port has the line.
	switchDTR func(descriptor int, on bool) error
}

// Read is as Port says. A device that was unplugged reads as its end, or as an input/output error.
func (p *localPort) Read(chunk []byte) (int, error) {
	n, err := p.file.Read(chunk)
	if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		return n, nil
	}
	return n, p.lost(err)
}

// SetReadDeadline is as Port says.
func (p *localPort) SetReadDeadline(until time.Time) error { return p.file.SetReadDeadline(until) }

func (p *localPort) lost(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, unix.EIO) {
		return fmt.Errorf("%s: %w: was the cable pulled?", p.path, ErrLost)
	}
	return fmt.Errorf("%s: %w: was the cable pulled? (%w)", p.path, ErrLost, err)
}

// Close gives the port back, also where somebody else has it open by now and the kernel would keep TIOCEXCL. No descriptor is
// left, else a replugged ttyUSB0 would become ttyUSB1.
func (p *localPort) Close() error {
	_ = unix.IoctlSetInt(p.descriptor, unix.TIOCNXCL, 0) // it fails when the device is gone
	return p.file.Close()
}

// resetPulse is how long DTR is off. An Arduino's capacitor makes a reset of any edge; 100 ms are what its tools take.
const resetPulse = 100 * time.Millisecond

// Reset is as Port says.
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

// LineErrors is as Port says; a driver without counters (a pty) answers ENOTTY.
func (p *localPort) LineErrors() (LineErrors, bool) {
	var counts interruptCounts
	//nolint:gosec // the kernel fills a struct of its own form, as no library of ours offers it
	_, _, failed := unix.Syscall(unix.SYS_IOCTL, uintptr(p.descriptor), unix.TIOCGICOUNT, uintptr(unsafe.Pointer(&counts)))
	return LineErrors{
		Framing: int64(counts.frame), Overrun: int64(counts.overrun) + int64(counts.bufferOverrun), Parity: int64(counts.parity),
	}, failed == 0
}
