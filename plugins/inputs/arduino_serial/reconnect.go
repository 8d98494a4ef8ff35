package arduino_serial

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/telegraf-station/telegraf-station/internal/line"
	"github.com/telegraf-station/telegraf-station/internal/serialport"
	"github.com/telegraf-station/telegraf-station/plugins/inputs/arduino_serial/capture"
)

// errReopen is returned when the watchdog requires the port to be reopened.
var errReopen = errors.New("reopening the port")

// openAndRead opens the port and reads it until ctx is done, the port is lost, or the watchdog requires it to be reopened; the error is the
// reason.
func (s *station) openAndRead(ctx context.Context, reset serialport.Reset) error {
	path, err := s.find()
	if err != nil {
		return err
	}
	if s.diagnosis() == "" { // otherwise, the result of the last attempt says more
		s.setState("opening %s; no response yet", path)
	}
	opening, cancel := context.WithDeadline(ctx, s.watchdog.due) // silence is detected afterwards
	port, err := s.system.Open(opening, path, s.mode, reset)
	cancel()
	if err != nil {
		return err
	}
	defer port.Close() //nolint:errcheck // it was only read, and is lost or closed
	s.counters.opens.Incr(1)
	s.setState("%s is open%s, but no bytes arrive; check that the sketch prints to Serial, and that this is its port", path, s.atBaud())
	s.source, s.reading, s.noise = path, false, noise{}
	s.decoder.Forget() // it may be another board
	s.capture.event(capture.Open, []byte(path))
	err = s.read(ctx, port)
	s.capture.event(capture.Close, []byte(path))
	return err
}

func (s *station) read(ctx context.Context, port serialport.Port) error {
	first := true
	lines := line.Splitter{
		Limit:    s.maxLineLength,
		Line:     func(text []byte) { s.line(text, first); first = false },
		Overlong: func() { s.rejectOverlong(); first = false },
	}
	defer func() {
		if lines.Pending() > 0 {
			s.counters.partial.Incr(1)
		}
	}()
	driver := newDriverErrors(port, s.counters)
	defer driver.count()
	interrupting := context.AfterFunc(ctx, func() { _ = port.SetReadDeadline(time.Unix(1, 0)) }) // fails if the port is lost
	defer interrupting()
	chunk := make([]byte, 4096)
	for {
		err := port.SetReadDeadline(s.nextCheck(driver))
		if ctx.Err() != nil { // checked after the deadline was set, so that the interrupting deadline of a later cancellation wins
			return nil
		}
		if err != nil {
			return err
		}
		n, err := port.Read(chunk)
		if n > 0 {
			s.receive(chunk[:n], first)
			lines.Write(chunk[:n])
		}
		if err != nil {
			return err
		}
		if err := s.checkPort(port, driver); err != nil {
			return err
		}
	}
}

func (s *station) atBaud() string {
	if s.network {
		return ""
	}
	return fmt.Sprintf(" at %d baud", s.mode.BaudRate)
}

// receive counts and records bytes before they are decoded.
func (s *station) receive(chunk []byte, first bool) {
	s.capture.event(capture.Read, chunk)
	s.counters.bytes.Incr(int64(len(chunk)))
	s.received += int64(len(chunk))
	s.noise.Add(chunk)
	if first {
		s.setState("%s sends bytes, but no complete line yet; %s", s.source, s.lineEndAdvice())
	}
}

var digits = regexp.MustCompile(`[0-9]+`)

// cause returns the part of an error that stays the same when it recurs: process ids and connection ports differ.
func (s *station) cause(err error) string {
	for _, known := range []error{serialport.ErrLost, serialport.ErrUnreachable} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	return "port " + digits.ReplaceAllString(err.Error(), "#")
}
