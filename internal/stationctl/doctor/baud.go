package doctor

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"time"

	"go.bug.st/serial"

	"github.com/telegraf-station/telegraf-station/internal/line"
	"github.com/telegraf-station/telegraf-station/internal/serialport"
)

const (
	// baudLimit allows for the first line and for all other rates.
	baudLimit = 45 * time.Second
	// readTime limits one read, so that the end of the wait is noticed.
	readTime = 250 * time.Millisecond
)

// commonRates returns the baud rates of sketches, the likely ones first.
func commonRates() []int {
	return []int{115200, 9600, 57600, 38400, 19200, 4800, 230400, 250000, 500000, 1000000, 2400}
}

// sample is the output of a board at one rate.
type sample struct {
	noise line.Noise
	lines int
}

// conclusive reports whether more bytes would not change the result.
func (s *sample) conclusive() bool {
	_, noisy := s.noise.Share()
	return noisy || s.lines >= 2
}

// baud checks only whether the bytes are text; the check of the reading checks what they mean.
func (b *board) baud(ctx context.Context, path string) result {
	if b.System.UsedByTelegraf(path) {
		return unchecked(inUseByTelegraf)
	}
	if serialport.IsNetwork(path) {
		return unchecked("the rate of %s is set on the other computer (ser2net)", path)
	}
	s, err := b.listen(ctx, path, b.BaudRate, b.FirstLine)
	if err != nil {
		return failed("", "%v", err)
	}
	percent, noisy := s.noise.Share()
	switch {
	case noisy:
		return b.otherRate(ctx, path, fmt.Sprintf("%d%% of %d bytes are not text at baud_rate = %d", percent, s.noise.Bytes(), b.BaudRate))
	case s.noise.Bytes() == 0:
		return failed("press the reset button of the board; check with the serial monitor of the Arduino IDE that the sketch prints",
			"no output within %s at %d baud", b.FirstLine, b.BaudRate)
	}
	return ok("%d; the output is text", b.BaudRate)
}

// otherRate looks for a rate at which the output is text.
func (b *board) otherRate(ctx context.Context, path, problem string) result {
	for _, rate := range commonRates() {
		if rate == b.BaudRate || ctx.Err() != nil {
			continue
		}
		s, err := b.listen(ctx, path, rate, b.OtherRate)
		if err != nil {
			continue
		}
		if share, _ := s.noise.Share(); s.lines > 0 && share == 0 {
			return failed(b.fixBaudRate(rate), "%s; at baud_rate = %d, all are", problem, rate)
		}
	}
	return failed(b.fixEdit("baud_rate = N, as in Serial.begin(N) in the sketch"), "%s, nor at other rates", problem)
}

func (b *board) fixBaudRate(rate int) string {
	if len(b.parts.boards) > 1 {
		return b.fixEdit(fmt.Sprintf("baud_rate = %d", rate))
	}
	return b.fixSetup("--baud-rate", strconv.Itoa(rate))
}

// listen reads the output of the board, which is not reset if that can be avoided, until the sample is conclusive or the time is up.
func (b *board) listen(ctx context.Context, path string, rate int, limit time.Duration) (*sample, error) {
	port, err := b.Open(ctx, path, b.mode(rate), serialport.ResetNever)
	if err != nil {
		return nil, err
	}
	defer port.Close() //nolint:errcheck // it was only read
	s := &sample{}
	chunk := make([]byte, 4096)
	for end := time.Now().Add(limit); time.Now().Before(end) && ctx.Err() == nil && !s.conclusive(); {
		if err := port.SetReadDeadline(time.Now().Add(readTime)); err != nil {
			return nil, err
		}
		n, err := port.Read(chunk)
		if err != nil {
			return nil, err
		}
		s.noise.Add(chunk[:n])
		s.lines += bytes.Count(chunk[:n], []byte{'\n'})
	}
	return s, nil
}

// mode returns the settings with which the input opens the port. An invalid framing is reported by the check of the configuration.
func (b *board) mode(rate int) *serial.Mode {
	mode := &serial.Mode{BaudRate: rate, DataBits: 8, StopBits: serial.OneStopBit}
	if len(b.Framing) == 3 {
		mode.DataBits = int(b.Framing[0] - '0')
		mode.Parity = map[byte]serial.Parity{'N': serial.NoParity, 'E': serial.EvenParity, 'O': serial.OddParity}[b.Framing[1]]
		if b.Framing[2] == '2' {
			mode.StopBits = serial.TwoStopBits
		}
	}
	return mode
}
