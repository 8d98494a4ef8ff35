package arduino_serial

import (
	"errors"
	"math/bits"
	"time"

	"github.com/telegraf-station/telegraf-station/internal/serialport"
)

// watchdog monitors a board for silence. Each silence_timeout without a reading is a step, and adds a record with status 2. The first step
// reopens the port, which fixes a hung USB-serial chip and a dead connection. The second, or the next one at which the port is open, resets
// the board, at most once per silence and once per hour: a board that prints rarely must be able to print at all. The fourth, eighth,
// sixteenth, and so on reopen the port again.
type watchdog struct {
	timeout   time.Duration
	due       time.Time
	steps     int
	received  int64 // bytes, at the last step
	reset     bool  // in this silence
	lastReset time.Time
}

// resetPause is the minimum time between two resets by the watchdog.
const resetPause = time.Hour

// restart is called with each reading.
func (w *watchdog) restart() {
	w.due, w.steps, w.reset = time.Now().Add(w.timeout), 0, false
}

// step reports whether the next step is due, and counts it.
func (w *watchdog) step() bool {
	now := time.Now()
	if now.Before(w.due) {
		return false
	}
	w.due = now.Add(w.timeout)
	w.steps++
	return true
}

func (w *watchdog) canReset() bool {
	return w.steps >= 2 && !w.reset && (w.lastReset.IsZero() || time.Since(w.lastReset) >= resetPause)
}

func (w *watchdog) mustReopen() bool {
	return w.steps != 2 && bits.OnesCount(uint(w.steps)) == 1
}

// nextCheck returns when checkPort has something to do if no bytes arrive: an idle station sleeps.
func (s *station) nextCheck(driver *driverErrors) time.Time {
	if driver.ok && driver.next.Before(s.watchdog.due) {
		return driver.next
	}
	return s.watchdog.due
}

// checkPort is called between two reads of an open port.
func (s *station) checkPort(port serialport.Port, driver *driverErrors) error {
	driver.countIfDue()
	if !s.watchSilence() {
		return nil
	}
	quiet := s.received == s.watchdog.received
	s.watchdog.received = s.received
	switch {
	case quiet && s.watchdog.canReset() && s.reset != serialport.ResetNever:
		s.resetBoard(port)
	case s.watchdog.mustReopen():
		s.counters.reopens.Incr(1)
		return errReopen
	}
	return nil
}

func (s *station) resetBoard(port serialport.Port) {
	s.watchdog.reset, s.watchdog.lastReset = true, time.Now()
	err := port.Reset()
	switch {
	case errors.Is(err, serialport.ErrNoReset):
		return
	case err != nil:
		s.log.Warnf("reset", "The board is silent, and resetting it failed: %v", err)
		return
	}
	s.counters.resetsSent.Incr(1)
	s.log.Warnf("reset", "The board on %s is silent even after reopening the port; it was reset", s.source)
}

// watchSilence adds a record with status 2 for each silence_timeout without a reading, so that the central Telegraf can distinguish a silent
// board from a dead station. It reports whether it did.
func (s *station) watchSilence() bool {
	if !s.watchdog.step() {
		return false
	}
	s.reading = false
	s.counters.silences.Incr(1)
	s.log.Warnf("silence", "No reading for %s; sending a status 2 record: %s", s.silenceTimeout, s.diagnosis())
	s.add(s.schema.Silence(s.location))
	return true
}
