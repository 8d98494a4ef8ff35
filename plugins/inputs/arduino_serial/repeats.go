package arduino_serial

import (
	"time"

	"github.com/influxdata/telegraf"
)

// repeatPeriod is how long a cause stays quiet after it was logged.
const repeatPeriod = 10 * time.Minute

// repeats logs each cause once, and again after repeatPeriod with the number of times that it was left unsaid.
type repeats struct {
	log    telegraf.Logger
	prefix string // tells the boards of a section apart, else empty
	causes map[string]*repeat
}

type repeat struct {
	logged  time.Time
	omitted int
}

func newRepeats(log telegraf.Logger, prefix string) *repeats {
	return &repeats{log: log, prefix: prefix, causes: make(map[string]*repeat)}
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

// recovered says that all is well, and makes every cause worth a line again.
func (r *repeats) recovered(message string) {
	clear(r.causes)
	r.log.Info(r.prefix + message)
}
