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

// errReopen ends a session because the watchdog wants the port opened anew.
var errReopen = errors.New("the port is opened anew")

// session opens the port and reads it until ctx ends, the port is lost or the watchdog wants it opened anew; the error tells why.
func (s *station) session(ctx context.Context, reset serialport.Reset) error {
	path, err := s.find()
	if err != nil {
		return err
	}
	if s.diagnosis() == "" { // else what came of the last try says more
		s.setState("%s is being opened, no answer yet: is it reachable?", path)
	}
	opening, cancel := context.WithDeadline(ctx, s.watchdog.due) // silence is noticed afterwards
	port, err := s.system.Open(opening, path, s.mode, reset)
	cancel()
	if err != nil {
		return err
	}
	defer port.Close() //nolint:errcheck // it is read-only and either lost or given up
	s.counters.opens.Incr(1)
	s.setState("%s is open%s, but nothing came: does the sketch print to Serial, and is it this port?", path, s.atBaud())
	s.source, s.announced, s.noise = path, false, noise{}
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
	interrupting := context.AfterFunc(ctx, func() { _ = port.SetReadDeadline(time.Unix(1, 0)) }) // it fails when the port is lost
	defer interrupting()
	chunk := make([]byte, 4096)
	for {
		err := port.SetReadDeadline(s.nextLook(driver))
		if ctx.Err() != nil { // looked at behind the deadline: should ctx end now, the one that interrupts comes after it
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
		if err := s.lookAfter(port, driver); err != nil {
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

// receive notes bytes before they are looked at.
func (s *station) receive(chunk []byte, first bool) {
	s.capture.event(capture.Read, chunk)
	s.counters.bytes.Incr(int64(len(chunk)))
	s.received += int64(len(chunk))
	s.noise.Add(chunk)
	if first {
		s.setState("%s sends, but no whole line yet: %s", s.source, s.lineEndAdvice())
	}
}

var digits = regexp.MustCompile(`[0-9]+`)

// cause is what stays the same when the same trouble comes again: process ids and the ports of connections differ.
func (s *station) cause(err error) string {
	for _, known := range []error{serialport.ErrLost, serialport.ErrUnreachable} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	return s.log.named("port", digits.ReplaceAllString(err.Error(), "#"))
}
