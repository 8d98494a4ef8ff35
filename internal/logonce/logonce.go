// Package logonce keeps a condition that lasts from filling the log: its first occurrence is logged in full, then every Period the newest one
// with the number of those left out.
//
// Log tells many conditions apart by their cause. Failure follows one operation that is retried until it succeeds.
package logonce

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/influxdata/telegraf"
)

// Period is how long a cause is not logged again.
const Period = 10 * time.Minute

const (
	// maxNames limits the causes of a kind that are told apart, because noise on a line invents names; the rest share one cause.
	maxNames = 10
	// maxRecoveries limits the recoveries that are logged in a Period: a loose cable recovers all the time.
	maxRecoveries = 5
)

// Log limits the messages of a logger by their cause.
type Log struct {
	log    telegraf.Logger
	prefix string

	mu         sync.Mutex
	causes     map[string]*occurrences
	names      map[string]int // by kind
	recoveries occurrences
}

type occurrences struct {
	logged time.Time
	count  int // since then
	write  func(string)
	newest string
}

// New returns a Log that writes to log and starts each message with prefix.
func New(log telegraf.Logger, prefix string) *Log {
	return &Log{log: log, prefix: prefix, causes: make(map[string]*occurrences), names: make(map[string]int)}
}

// Infof is Warnf for information.
func (l *Log) Infof(cause, format string, args ...any) { l.logf(l.log.Info, cause, format, args) }

// Warnf logs a warning unless its cause was logged within the last Period. A cause is a word for the kind of problem, which may be
// followed by a space and the name of what has the problem. It stays the same while other values in the message change.
func (l *Log) Warnf(cause, format string, args ...any) { l.logf(l.log.Warn, cause, format, args) }

// Errorf is Warnf for errors.
func (l *Log) Errorf(cause, format string, args ...any) { l.logf(l.log.Error, cause, format, args) }

func (l *Log) logf(write func(...any), cause, format string, args []any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	o := l.occurrencesOf(cause)
	o.write, o.newest = func(text string) { write(text) }, l.prefix+fmt.Sprintf(format, args...)
	switch {
	case o.logged.IsZero():
		o.write(o.newest)
		o.logged = time.Now()
	case time.Since(o.logged) < Period:
		o.count++
	default:
		o.summarize()
	}
}

// summarize logs the newest occurrence with the number of those before it that were left out.
func (o *occurrences) summarize() {
	o.write(fmt.Sprintf("%s (repeated %d times since %s)", o.newest, o.count, o.logged.Format(time.TimeOnly)))
	o.logged, o.count = time.Now(), 0
}

// Summarize logs what was left out for a Period although nothing has occurred since. Owners call it now and then, and with all true at their end.
func (l *Log) Summarize(all bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, o := range l.causes {
		if o.count > 0 && (all || time.Since(o.logged) >= Period) {
			o.summarize()
		}
	}
}

func (l *Log) occurrencesOf(cause string) *occurrences {
	kind, _, named := strings.Cut(cause, " ")
	if named && l.causes[cause] == nil {
		if l.names[kind] < maxNames {
			l.names[kind]++
		} else {
			cause = kind
		}
	}
	if l.causes[cause] == nil {
		l.causes[cause] = &occurrences{}
	}
	return l.causes[cause]
}

// Recovered logs that all problems are over, and has each cause logged again when it occurs. It does neither if recoveries are frequent.
func (l *Log) Recovered(message string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if time.Since(l.recoveries.logged) >= Period {
		l.recoveries = occurrences{logged: time.Now()}
	}
	if l.recoveries.count++; l.recoveries.count > maxRecoveries {
		return
	}
	clear(l.causes)
	clear(l.names)
	l.log.Info(l.prefix + message)
}

// Failure logs the failed attempts of one operation: the first one, one whose cause differs from the last one's, and one every Period.
// The zero value is an operation that has not failed.
type Failure struct {
	cause    string
	attempts int
	logged   time.Time
}

// Report counts a failed attempt and logs message if it is due.
func (f *Failure) Report(log telegraf.Logger, now time.Time, cause, message string) {
	f.attempts++
	if f.attempts > 1 {
		if cause == f.cause && now.Sub(f.logged) < Period {
			return
		}
		message += " (" + f.failedAttempts() + ")"
	}
	f.cause, f.logged = cause, now
	log.Error(message)
}

// Recovered logs message, with the number of failed attempts before, if there were any.
func (f *Failure) Recovered(log telegraf.Logger, message string) {
	if f.attempts > 0 {
		log.Info(message + " after " + f.failedAttempts())
	}
	*f = Failure{}
}

func (f *Failure) failedAttempts() string {
	if f.attempts == 1 {
		return "1 failed attempt"
	}
	return fmt.Sprintf("%d failed attempts", f.attempts)
}
