package arduino_serial

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	"github.com/telegraf-station/telegraf-station/internal/schema"
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
	s.state, s.good = fmt.Sprintf(format, args...), ""
}

// outdateState is called with each reading.
func (s *station) outdateState() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.good = s.source
}

// diagnosis is the newest reason why there is no reading.
func (s *station) diagnosis() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.good != "" {
		return s.good + " gave readings, but none came lately: does the board have power, does the sketch hang?"
	}
	return s.state
}

// advice names what to do about a rejected line.
func (s *station) advice(text []byte, cause string) string {
	if wrongLine := s.noise.diagnosis(s.settings); wrongLine != "" {
		return ": " + wrongLine
	}
	if cause != causeSyntax {
		return ""
	}
	if isModemCommand(text) {
		return `: a program takes the board for a modem, and the board answers it: run "sudo systemctl disable --now ModemManager"`
	}
	if s.announced { // its readings can be read: what cannot is something else
		return ""
	}
	if format := guess(text); format != "" && !s.parsed && format != s.lineFormat {
		return fmt.Sprintf(`: it looks like line_format = %q: set that`, format)
	}
	return ""
}

// lineEndAdvice names what to do where lines have no end.
func (s *station) lineEndAdvice() string {
	if wrongLine := s.noise.diagnosis(s.settings); wrongLine != "" {
		return wrongLine
	}
	return s.rateAdvice() + ", and that the sketch ends each reading with println"
}

// rateAdvice names where the baud rate is set: of a network port that is the other computer.
func (s settings) rateAdvice() string {
	if s.network {
		return "check the baud rate that ser2net has for this port"
	}
	return fmt.Sprintf("check baud_rate, now %d", s.mode.BaudRate)
}

var modemCommand = regexp.MustCompile(`\bAT(\+[A-Z]+.*|[EZ][0-9]?)?\s*$`)

// isModemCommand recognizes what ModemManager sends to every new port, if the board sends it back.
func isModemCommand(text []byte) bool { return modemCommand.Match(text) }

// valueAdvice names what to do about a value of status 1.
func valueAdvice(problem schema.Problem) string {
	if form, ok := errors.AsType[*schema.FormError](problem); ok {
		return form.Advice
	}
	if problem.Field == schema.Lat || problem.Field == schema.Lon {
		return "has the GPS a fix? Set location if the station stays where it is"
	}
	return "is its sensor connected, and its wire?"
}
