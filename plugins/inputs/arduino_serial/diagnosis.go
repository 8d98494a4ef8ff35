package arduino_serial

import (
	"bytes"
	"context"
	"errors"
	"fmt"
)

// awaitReading returns when there was a reading, or the reason why there was none until ctx ended.
func (s *station) awaitReading(ctx context.Context) error {
	select {
	case <-s.firstReading:
		return nil
	default:
	}
	select {
	case <-s.firstReading:
	case <-s.stopped:
	case <-ctx.Done():
		return errors.New(s.logPrefix + s.diagnosis())
	}
	return nil
}

func (s *station) setState(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state = fmt.Sprintf(format, args...)
}

// diagnosis is the newest reason why there is no reading.
func (s *station) diagnosis() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

// advice names what to do about a rejected line.
func (s *station) advice(text []byte, cause string) string {
	if wrongRate := s.noise.diagnosis(s.mode.BaudRate); wrongRate != "" {
		return ": " + wrongRate
	}
	if cause != "syntax" {
		return ""
	}
	if isModemCommand(text) {
		return `: a program takes the board for a modem, and the board answers it: run "sudo systemctl disable --now ModemManager"`
	}
	if format := guess(text); format != "" && !s.parsed && format != s.lineFormat {
		return fmt.Sprintf(`: it looks like line_format = %q: set that`, format)
	}
	return ""
}

// lineEndAdvice names what to do where lines have no end.
func (s *station) lineEndAdvice() string {
	if wrongRate := s.noise.diagnosis(s.mode.BaudRate); wrongRate != "" {
		return wrongRate
	}
	return fmt.Sprintf("check baud_rate (%d) and that the sketch ends each reading with println", s.mode.BaudRate)
}

// isModemCommand recognizes what ModemManager sends to every new port, if the board echoes it.
func isModemCommand(text []byte) bool {
	text = bytes.TrimSpace(text)
	return bytes.Equal(text, []byte("AT")) || bytes.HasPrefix(text, []byte("AT+")) || bytes.HasPrefix(text, []byte("ATE")) || bytes.HasPrefix(text, []byte("ATZ"))
}
