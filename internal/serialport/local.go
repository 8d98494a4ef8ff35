package serialport

import (
	"errors"
	"fmt"
	"time"
	"unsafe"

	"go.bug.st/serial"
	"golang.org/x/sys/unix"
)

// localPort is a device with its guard.
type localPort struct {
	path   string
	device serial.Port
	guard  *guard
}

func (p *localPort) prepare(reset Reset) error {
	if err := p.device.SetReadTimeout(ReadTimeout); err != nil {
		return err
	}
	if reset != ResetAlways {
		return nil
	}
	if err := p.Reset(); err != nil && !errors.Is(err, ErrNoReset) {
		return err
	}
	return nil
}

// Read is as Port says. The serial library calls an unplug "Port has been closed", as if we had done it.
func (p *localPort) Read(chunk []byte) (int, error) {
	n, err := p.device.Read(chunk)
	var portError *serial.PortError
	switch {
	case err == nil:
		return n, nil
	case errors.As(err, &portError) && portError.Code() == serial.PortClosed:
		return n, fmt.Errorf("%s: %w: was the cable pulled?", p.path, ErrLost)
	}
	return n, fmt.Errorf("%s: %w: was the cable pulled? (%w)", p.path, ErrLost, err)
}

// Close lets the device go, then the guard; both descriptors are gone afterwards, else a replugged ttyUSB0 would become ttyUSB1.
func (p *localPort) Close() error { return errors.Join(p.device.Close(), p.guard.Close()) }

// resetPulse is how long DTR is off. An Arduino's capacitor makes a reset of any edge; 100 ms are what its tools take.
const resetPulse = 100 * time.Millisecond

// Reset is as Port says.
func (p *localPort) Reset() error {
	if err := p.device.SetDTR(false); err != nil {
		return fmt.Errorf("%s: %w (%w)", p.path, ErrNoReset, err)
	}
	time.Sleep(resetPulse)
	return p.device.SetDTR(true)
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
	_, _, failed := unix.Syscall(unix.SYS_IOCTL, p.guard.Fd(), unix.TIOCGICOUNT, uintptr(unsafe.Pointer(&counts)))
	return LineErrors{
		Framing: int64(counts.frame), Overrun: int64(counts.overrun) + int64(counts.bufferOverrun), Parity: int64(counts.parity),
	}, failed == 0
}
