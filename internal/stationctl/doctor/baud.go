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
	// bootTime is what a board needs after a reset: its boot loader waits for two seconds.
	bootTime = 3 * time.Second
	// listenTime is how long a reading may take to come.
	listenTime = 10 * time.Second
	// tryTime is how long another rate is listened to; readings mostly come each second.
	tryTime   = 2500 * time.Millisecond
	baudLimit = 45 * time.Second
)

// rates are those of sketches, the likely ones first.
func rates() []int {
	return []int{115200, 9600, 57600, 38400, 19200, 4800, 230400, 250000, 500000, 1000000, 2400}
}

// sample is what came over a port.
type sample struct {
	noise line.Noise
	lines int
}

// judged says that more of it would tell no more.
func (s *sample) judged() bool {
	_, wrong := s.noise.Share()
	return wrong || s.lines >= 2
}

// baud looks at the bytes alone; what they mean is the reading's matter.
func (b *board) baud(ctx context.Context) result {
	if b.System.UsedByTelegraf(b.path) {
		return unchecked("telegraf has the port: see delivery")
	}
	if serialport.IsNetwork(b.path) {
		return unchecked("the rate of %s is set on the other computer, in its ser2net", b.path)
	}
	s, err := b.listen(ctx, b.BaudRate, bootTime+listenTime)
	if err != nil {
		return bad("", "%v", err)
	}
	percent, wrong := s.noise.Share()
	switch {
	case wrong:
		return b.anotherRate(ctx, percent, s.noise.Bytes())
	case s.noise.Bytes() == 0:
		return bad("press the Arduino's reset button; look with the Arduino IDE's serial monitor whether its sketch prints at all",
			"nothing came within %s at %d baud", bootTime+listenTime, b.BaudRate)
	}
	return good("%d, and what comes is text", b.BaudRate)
}

func (b *board) anotherRate(ctx context.Context, percent, total int64) result {
	for _, rate := range rates() {
		if rate == b.BaudRate || ctx.Err() != nil {
			continue
		}
		s, err := b.listen(ctx, rate, tryTime)
		if err != nil {
			continue
		}
		if share, _ := s.noise.Share(); s.lines > 0 && share == 0 {
			return bad(b.rateFix(rate), "%d%% of %d bytes are no text at baud_rate = %d; at baud_rate = %d all are", percent, total, b.BaudRate, rate)
		}
	}
	return bad(b.edit("baud_rate = N, as in the sketch's Serial.begin(N)"), "%d%% of %d bytes are no text at baud_rate = %d, nor at other rates", percent, total, b.BaudRate)
}

func (b *board) rateFix(rate int) string {
	if len(b.parts.boards) > 1 {
		return b.edit(fmt.Sprintf("baud_rate = %d", rate))
	}
	return b.setup("--baud-rate", strconv.Itoa(rate))
}

// readTime is how long a read waits before it is looked whether there is still time.
const readTime = 250 * time.Millisecond

// listen opens the port, without a reset of the board where that can be, until what comes can be judged.
func (b *board) listen(ctx context.Context, rate int, patience time.Duration) (*sample, error) {
	port, err := b.Open(ctx, b.path, b.mode(rate), serialport.ResetNever)
	if err != nil {
		return nil, err
	}
	defer port.Close() //nolint:errcheck // it was only read
	s := &sample{}
	chunk := make([]byte, 4096)
	for end := time.Now().Add(patience); time.Now().Before(end) && ctx.Err() == nil && !s.judged(); {
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

// mode is as the input opens the port; a framing that it would refuse is its own matter.
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
