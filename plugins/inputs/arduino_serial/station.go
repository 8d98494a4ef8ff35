package arduino_serial

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/metric"

	"github.com/telegraf-station/telegraf-station/internal/logonce"
	"github.com/telegraf-station/telegraf-station/internal/schema"
	"github.com/telegraf-station/telegraf-station/internal/serialport"
)

// station turns the lines of a board into metrics. Everything runs in one goroutine, which also owns the port; only the fields below mu and
// the channels are shared with Gather.
type station struct {
	settings
	acc      telegraf.Accumulator
	log      *logonce.Log
	counters *counters
	capture  recorder
	watchdog watchdog
	sequence sequence
	position position
	noise    noise

	// firstReading is closed after the first metric, stopped when run returns.
	firstReading chan struct{}
	stopped      chan struct{}
	once         sync.Once

	// source is the path of the open port; reading is true once readings from it have been logged.
	source   string
	reading  bool
	received int64 // bytes
	newest   time.Time

	mu    sync.Mutex
	state string
	// goodSource is the port that has sent readings since state was set, or empty.
	goodSource string
}

func newStation(s settings, acc telegraf.Accumulator, log telegraf.Logger, counters *counters) *station {
	limited := logonce.New(log, s.logPrefix)
	return &station{
		settings: s, acc: acc, log: limited, counters: counters, capture: newRecorder(s, limited),
		watchdog:     watchdog{timeout: s.silenceTimeout},
		firstReading: make(chan struct{}), stopped: make(chan struct{}),
	}
}

// run reads until ctx is done, and reopens the port whenever it is lost.
func (s *station) run(ctx context.Context) {
	defer close(s.stopped)
	defer s.capture.close()
	s.watchdog.restart()
	reset := s.reset
	for ctx.Err() == nil {
		err := s.openAndRead(ctx, reset)
		reset = s.reset
		if errors.Is(err, errReopen) {
			reset = serialport.ResetNever // the watchdog resets at its own rate
			continue
		}
		if err != nil {
			s.setState("%v", err)
			s.log.Warnf(s.cause(err), "%v; retrying every %s", err, s.reconnect)
		}
		s.pause(ctx)
	}
}

// pause waits for the reconnect interval, and detects silence meanwhile.
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

// addReading checks a decoded line and adds it as a metric.
func (s *station) addReading(reading schema.Reading) {
	record := s.schema.Check(reading, s.location)
	s.logReading()
	for _, problem := range record.Problems {
		s.log.Warnf("value "+problem.Field, "Reading with status 1: %v; %s", problem, valueAdvice(problem))
	}
	for _, name := range record.Unknown {
		s.counters.unknown.Incr(1)
		s.log.Warnf("unknown "+name, "Value %.60q is not in schema %q and is left out", name, s.schema.Name)
	}
	if record.Status == schema.StatusSensingError {
		s.counters.errors.Incr(1)
	}
	s.counters.readings.Incr(1)
	s.watchdog.restart()
	s.noise = noise{}
	s.add(record)
	s.noteReading()
	s.once.Do(func() { close(s.firstReading) })
}

// logReading logs, once after each opening and each silence, that readings arrive.
func (s *station) logReading() {
	if s.reading {
		return
	}
	s.reading = true
	s.log.Recovered("Reading from " + s.source)
}

func (s *station) add(record schema.Record) {
	m := metric.New(s.schema.Name, s.tags, nil, s.now())
	m.AddField(schema.Status, record.Status)
	for _, value := range record.Values {
		m.AddField(value.Name, value.Value)
	}
	s.acc.AddMetric(m)
}

// smallStep is how far the clock can go back (two lines in one read, a slewing clock) before the time of metrics follows it.
const smallStep = time.Second

// now returns the time of arrival. Two readings of a station never get the same time, because InfluxDB would keep only one of them. A clock
// that is set back by more than smallStep is followed: otherwise a wrong time at boot would persist.
func (s *station) now() time.Time {
	now := time.Now().Round(0) // without the monotonic clock, which hides steps
	if behind := s.newest.Sub(now); behind >= 0 && behind <= smallStep {
		now = s.newest.Add(time.Nanosecond)
	}
	s.newest = now
	return now
}
