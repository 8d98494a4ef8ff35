package site

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/telegraf-station/telegraf-station/internal/stationctl/site/sitefile"
)

// optionsOf returns the options of a row, and all errors in it.
func optionsOf(r sitefile.Row, defaults AddOptions) (AddOptions, []error) {
	o := defaults
	o.Line = r.Line
	var errs []error
	wrong := func(err error) {
		if err != nil {
			errs = append(errs, sitefile.At(r.Line, "%w", err))
		}
	}
	number := func(column string, bits int, set func(int64)) {
		text, given := r.Values[column]
		if !given {
			return
		}
		n, err := strconv.ParseInt(text, 10, bits)
		if err != nil || n < 1 {
			wrong(fmt.Errorf("%s must be a number from 1 to %d (got %q)", column, int64(1)<<(bits-1)-1, text))
		}
		set(n)
	}
	number("partitions", 32, func(n int64) { o.Topic.Partitions = int32(n) })          //nolint:gosec // it has these bits
	number("replication_factor", 16, func(n int64) { o.Topic.Replication = int16(n) }) //nolint:gosec // it has these bits
	number("max_message_bytes", 32, func(n int64) { o.Topic.MaxMessage = int(n) })
	if text, given := r.Values["retention"]; given {
		var err error
		if o.Topic.Retention, err = ParseRetention(text); err != nil {
			wrong(fmt.Errorf("retention %w", err))
		}
	}
	if text, given := r.Values["user"]; given {
		o.User = text
		wrong(checkUser(text))
		if o.NoUser {
			wrong(fmt.Errorf("user %q cannot be combined with --no-user", text))
		}
	}
	wrong(r.Missing())
	var err error
	if o.Name, err = NewName(r.Values["site"], r.Values["index"], r.Values["type"]); err != nil && r.Missing() == nil {
		wrong(err)
	}
	return o, errs
}

// checkUnique finds duplicate topics, topics that Kafka metrics do not distinguish, and users of two sites.
func checkUnique(sites []AddOptions) []error {
	var errs []error
	topics, users := make(map[string]AddOptions), make(map[string]AddOptions)
	for _, o := range sites {
		name := o.Name.Topic()
		switch first, known := topics[metricName(name)]; {
		case known && first.Name == o.Name:
			errs = append(errs, sitefile.At(o.Line, "topic %q is already in line %d", name, first.Line))
			continue // so is its user
		case known:
			errs = append(errs, sitefile.At(o.Line, `topic %q and %q of line %d differ only in "." and "_", which Kafka metrics do not distinguish; choose another name`,
				name, first.Name.Topic(), first.Line))
		default:
			topics[metricName(name)] = o
		}
		if o.NoUser {
			continue
		}
		if first, known := users[o.user()]; known {
			errs = append(errs, sitefile.At(o.Line, "user %q is already used in line %d; each site needs its own, which can write to no other topic", o.user(), first.Line))
			continue
		}
		users[o.user()] = o
	}
	return errs
}

// ParseRetention parses a Go duration, days such as 30d, or "forever".
func ParseRetention(text string) (time.Duration, error) {
	if text == "forever" {
		return Forever, nil
	}
	duration, err := time.ParseDuration(text)
	if days, isDays := strings.CutSuffix(text, "d"); isDays {
		var count uint64
		count, err = strconv.ParseUint(days, 10, 16) // all of which a duration can hold
		duration = time.Duration(count) * 24 * time.Hour
	}
	if err != nil || duration < time.Second {
		return 0, fmt.Errorf("must be a duration such as 30d or 12h, or forever (got %q)", text)
	}
	return duration, nil
}
