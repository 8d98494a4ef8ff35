package arduino_serial

import (
	"errors"
	"math/bits"
	"time"

	"github.com/telegraf-station/telegraf-station/internal/serialport"
)

// watchdog looks after a board that gives no reading. Each silence_timeout is a step. At every one a record of status 2 says
// so. At the first the port is opened anew, which cures a hung USB-serial chip and a dead connection; at the second, or the first
// one after it at which the port is open, the board is reset, once in a silence and once an hour at most, so that one that prints
// rarely is not kept from ever doing so; at the fourth, eighth, sixteenth and so on the port is opened anew again.
type watchdog struct {
	timeout   time.Duration
	due       time.Time
	steps     int
	received  int64 // bytes, at the last step
	reset     bool  // in this silence
	lastReset time.Time
}

// resetPause lies between two resets by the watchdog.
const resetPause = time.Hour

// reading starts it anew.
func (w *watchdog) reading() {
	w.due, w.steps, w.reset = time.Now().Add(w.timeout), 0, false
}

// step is true when it is time for the next one.
func (w *watchdog) step() bool {
	now := time.Now()
	if now.Before(w.due) {
		return false
	}
	w.due = now.Add(w.timeout)
	w.steps++
	return true
}

func (w *watchdog) mayReset() bool {
	return w.steps >= 2 && !w.reset && (w.lastReset.IsZero() || time.Since(w.lastReset) >= resetPause)
}

func (w *watchdog) mayReopen() bool {
	return w.steps != 2 && bits.OnesCount(uint(w.steps)) == 1
}

// nextLook is when lookAfter has something to do, if nothing comes until then: an idle station sleeps.
func (s *station) nextLook(driver *driverErrors) time.Time {
	if driver.ok && driver.next.Before(s.watchdog.due) {
		return driver.next
	}
	return s.watchdog.due
}

// lookAfter is called between two reads of an open port.
func (s *station) lookAfter(port serialport.Port, driver *driverErrors) error {
	driver.countNowAndThen()
	if !s.watchSilence() {
		return nil
	}
	quiet := s.received == s.watchdog.received
	s.watchdog.received = s.received
	switch {
	case quiet && s.watchdog.mayReset() && s.reset != serialport.ResetNever:
		s.resetBoard(port)
	case s.watchdog.mayReopen():
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
		s.log.warnf("reset", "The board is silent, and a reset did not work: %v", err)
		return
	}
	s.counters.resetsSent.Incr(1)
	s.log.warnf("reset", "The board on %s is silent, also after the port was opened anew: a reset was sent to it", s.source)
}

// watchSilence adds a record of status 2 for each silence_timeout without a reading, so that "no data" and "station dead"
// differ in the central Telegraf. It returns whether it did.
func (s *station) watchSilence() bool {
	if !s.watchdog.step() {
		return false
	}
	s.announced = false
	s.counters.silences.Incr(1)
	s.log.warnf("silence", "No reading for %s: sending a record of status 2: %s", s.silenceTimeout, s.diagnosis())
	s.add(s.schema.Silence(s.location))
	return true
}
