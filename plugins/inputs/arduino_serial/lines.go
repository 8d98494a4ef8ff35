package arduino_serial

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/telegraf-station/telegraf-station/internal/line"
	"github.com/telegraf-station/telegraf-station/internal/line/flatjson"
	"github.com/telegraf-station/telegraf-station/internal/schema"
)

// line takes a whole line; first says that it is the first one after the port was opened, so perhaps the end of one.
func (s *station) line(text []byte, first bool) {
	s.counters.lines.Incr(1)
	if len(bytes.TrimSpace(text)) == 0 {
		s.counters.rejectedEmpty.Incr(1)
		return
	}
	if !s.announced {
		s.setState("%s sends lines, but none is a reading yet, such as %q: is it this port, and line_format?", s.source, text[:min(len(text), shownBytes)])
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

// The causes for which a record that could be read is no reading of this station.
var (
	errSchema = errors.New("no value of the schema in it")
	errDevice = errors.New("another device_id")
)

func (s *station) record(text []byte, record line.Record) {
	if record.Position {
		s.counters.positions.Incr(1)
		s.position.fix(record.Values)
		return
	}
	if err := s.checkOwner(record.Values); err != nil {
		s.reject(text, err)
		return
	}
	s.follow(record.Values)
	if !s.isReading(record.Values) {
		s.reject(text, fmt.Errorf(`%w ("%s")`, errSchema, s.schema.Name))
		return
	}
	for _, name := range []string{schema.DeviceID, schema.Status, schema.Time} {
		delete(record.Values, name) // not the line's to say
	}
	s.position.fill(record.Values)
	s.reading(record.Values)
}

// checkOwner refuses the readings of another board, where two were swapped.
func (s *station) checkOwner(values line.Values) error {
	named, ok := values[schema.DeviceID]
	text := fmt.Sprint(named)
	if nested, isNested := named.(flatjson.Nested); isNested {
		text = string(nested)
	}
	if !ok || named == nil || text == s.tags[schema.DeviceID] {
		return nil
	}
	return fmt.Errorf("%w: the board says %.60q, the option device_id %q: are two boards swapped?", errDevice, text, s.tags[schema.DeviceID])
}

// isReading says whether the schema has any of the values: else they are another device's, or a message of the sketch.
func (s *station) isReading(values line.Values) bool {
	for name := range values {
		if _, declared := s.schema.Field(name); declared {
			return true
		}
	}
	return false
}

// follow counts lines that were lost and boots of the board, by the line's numbers.
func (s *station) follow(values line.Values) {
	s.sequence.next(values)
	if s.sequence.lost > 0 {
		s.counters.lost.Incr(s.sequence.lost)
		s.log.warnf("lost", "Lost before the reading with seq %v: %d reading(s): check cable and power", values[seqName], s.sequence.lost)
	}
	s.counters.boardResets.Incr(s.sequence.resets)
	for _, name := range []string{seqName, bootName} {
		if _, declared := s.schema.Field(name); !declared {
			delete(values, name)
		}
	}
}

// shownBytes is how much of a line a message shows, noiseShownBytes how much of noise, a byte of which takes four characters.
const (
	shownBytes      = 100
	noiseShownBytes = 30
)

func (s *station) reject(text []byte, err error) {
	counter, cause := s.counters.rejected(err)
	counter.Incr(1)
	outcome, shown := "Line rejected", text[:min(len(text), shownBytes)]
	if s.noise.diagnosis(s.settings) != "" {
		cause = causeNoise // worth a line also where the first rejected lines were too short to tell
		shown = text[:min(len(text), noiseShownBytes)]
	}
	if cause == causeFused {
		outcome = "Line damaged, but the reading in it was saved"
	}
	advice := s.advice(text, cause)
	s.setState("the last line was rejected: %v%s: %q", err, advice, shown)
	s.log.warnf(cause, "%s: %v%s: %q", outcome, err, advice, shown)
}

func (s *station) rejectOverlong() {
	s.counters.lines.Incr(1)
	s.counters.rejectedOverlong.Incr(1)
	advice := s.lineEndAdvice()
	s.setState("a line is longer than max_line_length (%d bytes): %s", s.maxLineLength, advice)
	s.log.warnf("overlong", "Line rejected: it is longer than max_line_length (%d bytes): %s", s.maxLineLength, advice)
}
