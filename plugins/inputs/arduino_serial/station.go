package arduino_serial

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/metric"

	"github.com/telegraf-station/telegraf-station/internal/schema"
	"github.com/telegraf-station/telegraf-station/internal/serialport"
)

// station turns lines (lines.go) into metrics. All of it runs in one goroutine, which also owns the port;
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
	received  int64 // bytes
	newest    time.Time

	mu    sync.Mutex
	state string
	// good is the port of which readings came after what state tells, else empty.
	good string
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
	reset := s.reset
	for ctx.Err() == nil {
		err := s.session(ctx, reset)
		reset = s.reset
		if errors.Is(err, errReopen) {
			reset = serialport.ResetNever // the watchdog resets at its own rate
			continue
		}
		if err != nil {
			s.setState("%v", err)
			s.log.warnf(s.cause(err), "%v; trying again every %s", err, s.reconnect)
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

// reading checks a decoded line and hands it on as a metric.
func (s *station) reading(reading schema.Reading) {
	record := s.schema.Check(reading, s.location)
	s.announce()
	for _, problem := range record.Problems {
		s.log.warnf("value "+problem.Field, "Reading with status 1: %v: %s", problem, valueAdvice(problem))
	}
	for _, name := range record.Unknown {
		s.counters.unknown.Incr(1)
		s.log.warnf(s.log.named("unknown", name), "Value %.60q is not in schema %q and is left out", name, s.schema.Name)
	}
	if record.Status == schema.StatusSensingError {
		s.counters.errors.Incr(1)
	}
	s.counters.readings.Incr(1)
	s.watchdog.reading()
	s.noise = noise{}
	s.add(record)
	s.outdateState()
	s.once.Do(func() { close(s.firstReading) })
}

// announce says, once after each opening and each silence, that readings arrive.
func (s *station) announce() {
	if s.announced {
		return
	}
	s.announced = true
	s.log.recovered("Reading from " + s.source)
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
