package arduino_serial

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"unicode"

	"github.com/telegraf-station/telegraf-station/internal/line"
	"github.com/telegraf-station/telegraf-station/internal/schema"
)

// awaitReading waits for a reading. Its error is the reason why there was none before ctx was done.
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
	s.state, s.goodSource = fmt.Sprintf(format, args...), ""
}

// noteReading marks the state as outdated.
func (s *station) noteReading() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.goodSource = s.source
}

// diagnosis returns the most recent reason why there is no reading.
func (s *station) diagnosis() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.goodSource != "" {
		return s.goodSource + " sent readings, but none recently; check the power of the board and whether its sketch hangs"
	}
	return s.state
}

// advice returns the fix for a rejected line, in the form "; FIX".
func (s *station) advice(text []byte, cause string) string {
	if wrongLine := s.noise.diagnosis(s.settings); wrongLine != "" {
		return "; " + wrongLine
	}
	if cause != causeSyntax {
		return ""
	}
	if isModemCommand(text) {
		return `; a program treats the board as a modem and gets an answer: run "sudo systemctl disable --now ModemManager"`
	}
	if s.reading { // its readings can be decoded, so this line is something else
		return ""
	}
	if format := guess(text); format != "" && !s.parsed && format != s.lineFormat {
		return fmt.Sprintf(`; it looks like line_format = %q, so set that`, format)
	}
	return ""
}

// lineEndAdvice returns the fix for lines without an end.
func (s *station) lineEndAdvice() string {
	if wrongLine := s.noise.diagnosis(s.settings); wrongLine != "" {
		return wrongLine
	}
	return s.rateAdvice() + ", and end each reading with println in the sketch"
}

// rateAdvice returns where to check the baud rate: for a network port, on the other computer.
func (s settings) rateAdvice() string {
	if s.network {
		return "check the baud rate of this port in ser2net"
	}
	return fmt.Sprintf("check baud_rate, now %d", s.mode.BaudRate)
}

var modemCommand = regexp.MustCompile(`\bAT(\+[A-Z]+.*|[EZ][0-9]?)?\s*$`)

// isModemCommand reports whether the line echoes what ModemManager sends to every new port.
func isModemCommand(text []byte) bool { return modemCommand.Match(text) }

// valueAdvice returns the fix for a value that causes status 1.
func valueAdvice(problem schema.Problem) string {
	if form, ok := errors.AsType[*schema.FormError](problem); ok {
		return form.Advice
	}
	if problem.Field == schema.Lat || problem.Field == schema.Lon {
		return "wait for a GPS fix, or set location if the station does not move"
	}
	return "check its sensor and wiring"
}

// noise detects a wrong baud rate or framing.
type noise struct{ line.Noise }

// diagnosis returns "" if both look right.
func (n *noise) diagnosis(s settings) string {
	percent, wrong := n.Share()
	if !wrong {
		return ""
	}
	share := fmt.Sprintf("%d%% of %d bytes are not ASCII", percent, n.Bytes())
	if parity := n.Parity(); parity != "" && s.framing == "8N1" && !s.network {
		return fmt.Sprintf("%s, but all have %s parity; check framing, now 8N1 (try 7%c1)", share, parity, unicode.ToUpper(rune(parity[0])))
	}
	return share + "; " + s.rateAdvice()
}
