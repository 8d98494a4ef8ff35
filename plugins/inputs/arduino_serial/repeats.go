package arduino_serial

import (
	"time"

	"github.com/influxdata/telegraf"
)

// repeatPeriod is how long a cause stays quiet after it was logged.
const repeatPeriod = 10 * time.Minute

const (
	// maxNames bounds the causes of one kind that have a name of their own, since noise makes such names: further ones share one.
	maxNames = 10
	// maxRecoveries is how often in a repeatPeriod all is well again: then a cable flaps, or a board prints too rarely.
	maxRecoveries = 5
)

// repeats logs each cause once, and again after repeatPeriod with the number of times that it was left unsaid.
type repeats struct {
	log    telegraf.Logger
	prefix string // tells the boards of a section apart, else empty
	causes map[string]*repeat
	names  map[string]int // of each kind

	recoveries int
	since      time.Time // of the first of them
}

type repeat struct {
	logged  time.Time
	omitted int
}

func newRepeats(log telegraf.Logger, prefix string) *repeats {
	return &repeats{log: log, prefix: prefix, causes: make(map[string]*repeat), names: make(map[string]int)}
}

// named is the cause of trouble of a kind with something that has a name: a value, a port.
func (r *repeats) named(kind, name string) string {
	cause := kind + " " + name
	if r.causes[cause] != nil {
		return cause
	}
	if r.names[kind] >= maxNames {
		return kind
	}
	r.names[kind]++
	return cause
}

// warnf logs a warning unless the same cause was logged lately; a cause is a short text that stays the same when values differ.
func (r *repeats) warnf(cause, format string, args ...any) {
	known, found := r.causes[cause]
	format = "%s" + format
	args = append([]any{r.prefix}, args...)
	switch {
	case !found:
		r.causes[cause] = &repeat{logged: time.Now()}
		r.log.Warnf(format, args...)
	case time.Since(known.logged) < repeatPeriod:
		known.omitted++
	default:
		r.log.Warnf(format+" (and %d times since %s)", append(args, known.omitted, known.logged.Format(time.TimeOnly))...)
		*known = repeat{logged: time.Now()}
	}
}

// recovered says that all is well, and makes every cause worth a line again, unless that happens all the time.
func (r *repeats) recovered(message string) {
	if time.Since(r.since) >= repeatPeriod {
		r.since, r.recoveries = time.Now(), 0
	}
	r.recoveries++
	if r.recoveries > maxRecoveries {
		return
	}
	clear(r.causes)
	clear(r.names)
	r.log.Info(r.prefix + message)
}
