package arduino_serial

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/telegraf-station/telegraf-station/internal/line"
	"github.com/telegraf-station/telegraf-station/internal/line/flatjson"
	"github.com/telegraf-station/telegraf-station/internal/schema"
)

// line processes a whole line. first is true for the first line after opening, which may be the end of one.
func (s *station) line(text []byte, first bool) {
	s.counters.lines.Incr(1)
	if len(bytes.TrimSpace(text)) == 0 {
		s.counters.rejectedEmpty.Incr(1)
		return
	}
	if !s.reading {
		s.setState("%s sends lines, but none is a valid reading, e.g. %q; check port and line_format", s.source, text[:min(len(text), shownBytes)])
	}
	records, err := s.decoder.Decode(text)
	if first && len(records) > 0 && !records[0].Checked && !s.decoder.Format.Delimited() {
		records = records[1:]
		s.counters.partial.Incr(1)
	}
	for _, record := range records {
		s.record(text, record)
	}
	switch {
	case err != nil && !first:
		s.reject(text, err)
	case err != nil:
		s.counters.partial.Incr(1)
	}
}

// The reasons why a decoded record is not a reading of this station.
var (
	errSchema = errors.New("no value is in the schema")
	errDevice = errors.New("another device_id")
)

func (s *station) record(text []byte, record line.Record) {
	if record.Position {
		s.counters.positions.Incr(1)
		s.position.set(record.Values)
		return
	}
	if err := s.checkOwner(record.Values); err != nil {
		s.reject(text, err)
		return
	}
	s.countLost(record.Values)
	if !s.isReading(record.Values) {
		s.reject(text, fmt.Errorf(`%w ("%s")`, errSchema, s.schema.Name))
		return
	}
	for _, name := range []string{schema.DeviceID, schema.Status, schema.Time} {
		delete(record.Values, name) // set by the plugin
	}
	s.position.fill(record.Values)
	s.addReading(record.Values)
}

// checkOwner rejects the readings of another board: two may have been swapped.
func (s *station) checkOwner(values line.Values) error {
	named, ok := values[schema.DeviceID]
	text := fmt.Sprint(named)
	if nested, isNested := named.(flatjson.Nested); isNested {
		text = string(nested)
	}
	if !ok || named == nil || text == s.tags[schema.DeviceID] {
		return nil
	}
	return fmt.Errorf("%w: the board sent %.60q, but option device_id is %q; check whether two boards are swapped", errDevice, text, s.tags[schema.DeviceID])
}

// isReading reports whether the schema has any of the values. If not, they belong to another device, or to a message of the sketch.
func (s *station) isReading(values line.Values) bool {
	for name := range values {
		if _, declared := s.schema.Field(name); declared {
			return true
		}
	}
	return false
}

// countLost counts lost lines and boots of the board, by the numbers in the line.
func (s *station) countLost(values line.Values) {
	s.sequence.update(values)
	if s.sequence.lost > 0 {
		s.counters.lost.Incr(s.sequence.lost)
		s.log.Warnf("lost", "Readings lost before the one with seq %v: %d; check cable and power", values[seqName], s.sequence.lost)
	}
	s.counters.boardResets.Incr(s.sequence.resets)
	for _, name := range []string{seqName, bootName} {
		if _, declared := s.schema.Field(name); !declared {
			delete(values, name)
		}
	}
}

// shownBytes limits the part of a line in a message, noiseShownBytes that of noise, where a byte takes four characters.
const (
	shownBytes      = 100
	noiseShownBytes = 30
)

func (s *station) reject(text []byte, err error) {
	counter, cause := s.counters.rejected(err)
	counter.Incr(1)
	outcome, shown := "Line rejected", text[:min(len(text), shownBytes)]
	if s.noise.diagnosis(s.settings) != "" {
		cause = causeNoise // logged even if the first rejected lines were too short to detect it
		shown = text[:min(len(text), noiseShownBytes)]
	}
	if cause == causeFused {
		outcome = "Line damaged, but its reading was saved"
	}
	advice := s.advice(text, cause)
	s.setState("the last line was rejected: %v%s: %q", err, advice, shown)
	s.log.Warnf(cause, "%s: %v%s: %q", outcome, err, advice, shown)
}

func (s *station) rejectOverlong() {
	s.counters.lines.Incr(1)
	s.counters.rejectedOverlong.Incr(1)
	advice := s.lineEndAdvice()
	s.setState("a line is longer than max_line_length (%d bytes); %s", s.maxLineLength, advice)
	s.log.Warnf("overlong", "Line rejected: longer than max_line_length (%d bytes); %s", s.maxLineLength, advice)
}
