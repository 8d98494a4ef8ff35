package arduino_serial

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"go.bug.st/serial"
)

// session opens the port and reads it until ctx ends or the port is lost; the error tells why it could not be opened or was lost.
func (s *station) session(ctx context.Context) error {
	path, err := s.finder.find()
	if err != nil {
		return err
	}
	port, err := openPort(ctx, path, s.mode)
	if err != nil {
		return err
	}
	defer port.Close() //nolint:errcheck // it is read-only and either lost or given up
	s.counters.opens.Incr(1)
	s.setState("%s is open at %d baud, but nothing came: does the sketch print to Serial, and is it this port?", path, s.mode.BaudRate)
	s.source, s.announced = path, false
	return s.read(ctx, port)
}

func (s *station) read(ctx context.Context, port port) error {
	first := true
	lines := splitter{
		limit:    s.maxLineLength,
		line:     func(line []byte) { s.line(line, first); first = false },
		overlong: func() { s.rejectOverlong(); first = false },
	}
	defer func() {
		if len(lines.pending) > 0 {
			s.counters.partial.Incr(1)
		}
	}()
	chunk := make([]byte, 4096)
	for ctx.Err() == nil {
		n, err := port.Read(chunk)
		if n > 0 {
			s.counters.bytes.Incr(int64(n))
			if first {
				s.setState("%s sends, but no whole line yet: check baud_rate (%d) and that the sketch ends each reading with println", s.source, s.mode.BaudRate)
			}
			lines.write(chunk[:n])
		}
		if err != nil {
			return lost(s.source, err)
		}
		s.watchSilence()
	}
	return nil
}

// lost tells of a port that went away. The serial library calls that "Port has been closed", as if we had done it.
func lost(source string, err error) error {
	var portError *serial.PortError
	switch {
	case strings.HasPrefix(source, tcpScheme):
		return fmt.Errorf("%s: %w (%w)", source, errConnectionLost, err)
	case errors.As(err, &portError) && portError.Code() == serial.PortClosed:
		return fmt.Errorf("%s: %w", source, errPortLost)
	}
	return fmt.Errorf("%s: %w (%w)", source, errPortLost, err)
}

var (
	errPortLost       = errors.New("lost, was the cable pulled?")
	errConnectionLost = errors.New("the connection was lost")
)

// cause is what stays the same when the same trouble comes again: the text of a lost connection has another port each time.
func cause(err error) string {
	if errors.Is(err, errPortLost) || errors.Is(err, errConnectionLost) {
		return "port lost"
	}
	return "port " + err.Error()
}
