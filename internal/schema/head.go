package schema

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// MaxDeviceID is the most bytes that a device_id can have: it becomes a tag, which InfluxDB keeps in memory.
const MaxDeviceID = 256

// The years in which a reading can be: a clock that was not set starts in 1970, and InfluxDB stores no time after 2262.
const firstYear, lastYear = 1970, 2200

// CheckDeviceID returns an error if a device_id cannot identify a device in all stores.
func CheckDeviceID(id string) error {
	printable := func(r rune) bool { return strconv.IsPrint(r) && r != utf8.RuneError }
	switch {
	case id == "":
		return errors.New("must not be empty")
	case len(id) > MaxDeviceID:
		return fmt.Errorf("must have at most %d bytes (got %d: %.40q...)", MaxDeviceID, len(id), id)
	case strings.ContainsFunc(id, func(r rune) bool { return !printable(r) }):
		return fmt.Errorf("must not contain control characters or invalid UTF-8 (got %q)", id)
	case strings.HasSuffix(id, `\`):
		return fmt.Errorf(`must not end with "\": InfluxDB stores it as the device without it (got %q)`, id)
	}
	return nil
}

// CheckTime returns an error if a reading cannot have a time.
func CheckTime(at time.Time) error {
	if year := at.UTC().Year(); year < firstYear || year > lastYear {
		return fmt.Errorf("must be in the years %d to %d (got %s)", firstYear, lastYear, at.UTC().Format(time.RFC3339))
	}
	return nil
}
