package arduino_serial

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/metric"

	"github.com/telegraf-station/telegraf-station/internal/line"
	"github.com/telegraf-station/telegraf-station/internal/schema"
)

// station turns lines into metrics. All of it runs in one goroutine, which also owns the port;
// only what Gather asks for crosses over.
type station struct {
	settings
	acc      telegraf.Accumulator
	log      *repeats
	counters *counters
	capture  recorder
	watchdog watchdog
	sequence sequence
	position position
	noise    noise

	// firstReading is closed with the first reading that became a metric, stopped when run returns.
	firstReading chan struct{}
	stopped      chan struct{}
	once         sync.Once

	// source is the path of the open port; announced says that the log tells of readings from it.
	source    string
	announced bool
	newest    time.Time

	mu    sync.Mutex
	state string
}

func newStation(s settings, acc telegraf.Accumulator, log telegraf.Logger, counters *counters) *station {
	repeats := newRepeats(log, s.logPrefix)
	return &station{
		settings: s, acc: acc, log: repeats, counters: counters, capture: newRecorder(s, repeats),
		watchdog:     watchdog{timeout: s.silenceTimeout},
		firstReading: make(chan struct{}), stopped: make(chan struct{}),
	}
}

// run reads until ctx ends, opening the port again whenever it is lost.
func (s *station) run(ctx context.Context) {
	defer close(s.stopped)
	defer s.capture.close()
	s.watchdog.reading()
	for ctx.Err() == nil {
		err := s.session(ctx)
		if errors.Is(err, errReopen) {
			continue
		}
		if err != nil {
			s.setState("%v", err)
			s.log.warnf(cause(err), "%v; trying again every %s", err, s.reconnect)
		}
		s.pause(ctx)
	}
}

// pause waits for the reconnect interval; silence is noticed meanwhile.
func (s *station) pause(ctx context.Context) {
	until := time.Now().Add(s.reconnect)
	for now := time.Now(); now.Before(until); now = time.Now() {
		select {
		case <-ctx.Done():
			return
		case <-time.After(min(until.Sub(now), max(time.Until(s.watchdog.due), 0)+time.Millisecond)):
			s.watchSilence()
		}
	}
}

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
	if !ok || fmt.Sprint(named) == s.tags[schema.DeviceID] {
		return nil
	}
	return fmt.Errorf("%w: the board says %.60q, the option device_id %q: are two boards swapped?", errDevice, fmt.Sprint(named), s.tags[schema.DeviceID])
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
	if s.noise.diagnosis(s.framing, s.mode.BaudRate) != "" {
		cause = "noise" // worth a line also where the first rejected lines were too short to tell
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

// reading checks a decoded line and hands it on as a metric.
func (s *station) reading(reading schema.Reading) {
	record := s.schema.Check(reading, s.location)
	s.announce()
	for _, problem := range record.Problems {
		s.log.warnf("value "+problem.Field, "Reading with status 1: %v: %s", problem, valueAdvice(problem))
	}
	for _, name := range record.Unknown {
		s.counters.unknown.Incr(1)
		s.log.warnf("unknown "+name, "Value %.60q is not in schema %q and is left out", name, s.schema.Name)
	}
	if record.Status == schema.StatusSensingError {
		s.counters.errors.Incr(1)
	}
	s.counters.readings.Incr(1)
	s.watchdog.reading()
	s.noise = noise{}
	s.add(record)
	s.once.Do(func() { close(s.firstReading) })
}

// announce says, once after each opening and each silence, that readings arrive.
func (s *station) announce() {
	if s.announced {
		return
	}
	s.announced = true
	s.log.recovered("Reading from " + s.source)
	s.setState("%s gave readings, but none came lately: does the board have power, does the sketch hang?", s.source)
}

func (s *station) add(record schema.Record) {
	m := metric.New(s.schema.Name, s.tags, nil, s.now())
	m.AddField(schema.Status, record.Status)
	for _, value := range record.Values {
		m.AddField(value.Name, value.Value)
	}
	s.acc.AddMetric(m)
}

// smallStep is how far back the clock may go (two lines in one read, a slewing clock) without a metric's time going back.
const smallStep = time.Second

// now is the time of arrival. Two readings of a station never get the same time, since InfluxDB would keep one of them.
// A clock that is set back by more than smallStep is followed: otherwise a wrong start would stick.
func (s *station) now() time.Time {
	now := time.Now().Round(0) // without the monotonic clock, which no step shows in
	if behind := s.newest.Sub(now); behind >= 0 && behind <= smallStep {
		now = s.newest.Add(time.Nanosecond)
	}
	s.newest = now
	return now
}
