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

	"github.com/telegraf-station/telegraf-station/internal/flatjson"
	"github.com/telegraf-station/telegraf-station/internal/schema"
)

// station turns lines into metrics. All of it runs in one goroutine, which also owns the port;
// only what Gather asks for crosses over.
type station struct {
	settings
	acc      telegraf.Accumulator
	log      *repeats
	counters *counters

	// firstReading is closed with the first reading that became a metric, stopped when run returns.
	firstReading chan struct{}
	stopped      chan struct{}
	once         sync.Once

	// source is the path of the open port; announced says that the log tells of readings from it.
	source    string
	announced bool
	silentAt  time.Time
	newest    time.Time

	mu    sync.Mutex
	state string
}

func newStation(s settings, acc telegraf.Accumulator, log telegraf.Logger, counters *counters) *station {
	return &station{
		settings: s, acc: acc, log: newRepeats(log), counters: counters,
		firstReading: make(chan struct{}), stopped: make(chan struct{}),
	}
}

// run reads until ctx ends, opening the port again whenever it is lost.
func (s *station) run(ctx context.Context) {
	defer close(s.stopped)
	s.postponeSilence()
	for ctx.Err() == nil {
		if err := s.session(ctx); err != nil {
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
		case <-time.After(min(until.Sub(now), max(time.Until(s.silentAt), 0)+time.Millisecond)):
			s.watchSilence()
		}
	}
}

// line takes a whole line; first says that it is the first one after the port was opened, so perhaps the end of one.
func (s *station) line(line []byte, first bool) {
	s.counters.lines.Incr(1)
	if first && !s.decoder.tellsPartial() {
		s.counters.partial.Incr(1)
		return
	}
	if len(bytes.TrimSpace(line)) == 0 {
		s.counters.rejectedEmpty.Incr(1)
		return
	}
	readings, err := s.decoder.decode(line)
	switch {
	case err != nil && first:
		s.counters.partial.Incr(1)
	case err != nil:
		s.reject(line, err)
	}
	for _, reading := range readings {
		s.reading(reading)
	}
}

func (s *station) reject(line []byte, err error) {
	counter, kind := s.counters.rejectedSyntax, "syntax"
	if errors.Is(err, flatjson.ErrEncoding) {
		counter, kind = s.counters.rejectedEncoding, "encoding"
	}
	counter.Incr(1)
	s.setState("the last line was rejected: %v: %.100q", err, line)
	s.log.warnf(kind, "Line rejected: %v: %.100q", err, line)
}

func (s *station) rejectOverlong() {
	s.counters.lines.Incr(1)
	s.counters.rejectedOverlong.Incr(1)
	s.setState("a line is longer than max_line_length (%d bytes)", s.maxLineLength)
	s.log.warnf("overlong", "Line rejected: it is longer than max_line_length (%d bytes): check baud_rate (%d) and that the sketch ends each reading with println",
		s.maxLineLength, s.mode.BaudRate)
}

// reading checks a decoded line and hands it on as a metric.
func (s *station) reading(reading schema.Reading) {
	record := s.schema.Check(reading, s.location)
	for _, problem := range record.Problems {
		s.log.warnf("value "+problem.Field, "Reading with status 1: %v", problem)
	}
	for _, name := range record.Unknown {
		s.counters.unknown.Incr(1)
		s.log.warnf("unknown "+name, "Value %q is not in schema %q and is left out", name, s.schema.Name)
	}
	if record.Status == schema.StatusSensingError {
		s.counters.errors.Incr(1)
	}
	s.counters.readings.Incr(1)
	s.postponeSilence()
	s.add(record)
	s.announce()
}

// announce says, once after each opening and each silence, that readings arrive.
func (s *station) announce() {
	if s.announced {
		return
	}
	s.announced = true
	s.log.recovered("Reading from " + s.source)
	s.setState("%s gave readings, but none came lately", s.source)
	s.once.Do(func() { close(s.firstReading) })
}

func (s *station) postponeSilence() { s.silentAt = time.Now().Add(s.silenceTimeout) }

// watchSilence adds a record of status 2 for each silence_timeout without a reading,
// so that "no data" and "station dead" differ in the centre.
func (s *station) watchSilence() {
	if time.Now().Before(s.silentAt) {
		return
	}
	s.postponeSilence()
	s.announced = false
	s.counters.silences.Incr(1)
	s.log.warnf("silence", "No reading for %s: sending a record of status 2: %s", s.silenceTimeout, s.diagnosis())
	s.add(s.schema.Silence(s.location))
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
