// Package record has the headers by which the delivery of a topic's records can be proved: who writes them and who reads them agree here.
package record

import (
	"fmt"
	"strconv"
	"strings"
)

// The headers of a record. Together they number the records of a topic and device without a gap.
const (
	// HeaderEpoch names the life of the outbox that numbered the record, 16 hex digits; epochs sort by time.
	HeaderEpoch = "station-epoch"
	// HeaderSeq counts the records of a topic and device in an epoch, from 1.
	HeaderSeq = "station-seq"
	// HeaderSkipped tells which numbers of the same epoch will not come, since the agent gave them up: see Skipped.
	HeaderSkipped = "station-skipped"
)

// MaxSeq is the highest number that is read: more than an agent can write, exact in every reader of JSON, and low enough that sums of such
// numbers do not overflow: else one damaged header could make up for what was lost elsewhere.
const MaxSeq uint64 = 1<<53 - 1

// ParseEpoch checks the header's value and returns it: epochs are compared as text, so it matters what they look like.
func ParseEpoch(text string) (string, error) {
	if len(text) != 16 || strings.Trim(text, "0123456789abcdef") != "" {
		return "", fmt.Errorf("header %s must be 16 hex digits in lower case (got %q)", HeaderEpoch, text)
	}
	return text, nil
}

// ParseSeq reads the header's value.
func ParseSeq(text string) (uint64, error) {
	seq, err := parseNumber(text)
	if err != nil {
		return 0, fmt.Errorf("header %s: %w", HeaderSeq, err)
	}
	return seq, nil
}

func parseNumber(text string) (uint64, error) {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil || n == 0 || n > MaxSeq {
		return 0, fmt.Errorf("%q is no number from 1 to %d", text, MaxSeq)
	}
	return n, nil
}

// Range is a range of numbers, both ends included.
type Range struct {
	From uint64 `json:"from"`
	To   uint64 `json:"to"`
}

// Skipped are the numbers that an agent gave up: parked on its disk, or dropped since its outbox was full.
type Skipped struct{ Parked, Dropped []Range }

// Ranges joins rising numbers.
func Ranges(numbers []uint64) []Range {
	var ranges []Range
	for _, number := range numbers {
		if n := len(ranges); n > 0 && ranges[n-1].To+1 == number {
			ranges[n-1].To = number
			continue
		}
		ranges = append(ranges, Range{number, number})
	}
	return ranges
}

// String is the header's value, as in parked=17,19-21;dropped=30-40; empty if there are none.
func (s Skipped) String() string {
	var parts []string
	for _, part := range []struct {
		name   string
		ranges []Range
	}{{"parked", s.Parked}, {"dropped", s.Dropped}} {
		if len(part.ranges) > 0 {
			parts = append(parts, part.name+"="+join(part.ranges))
		}
	}
	return strings.Join(parts, ";")
}

func join(ranges []Range) string {
	texts := make([]string, 0, len(ranges))
	for _, r := range ranges {
		text := strconv.FormatUint(r.From, 10)
		if r.To != r.From {
			text += "-" + strconv.FormatUint(r.To, 10)
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, ",")
}

// ParseSkipped reads the header's value.
func ParseSkipped(text string) (Skipped, error) {
	var s Skipped
	if text == "" {
		return s, nil
	}
	for part := range strings.SplitSeq(text, ";") {
		name, list, _ := strings.Cut(part, "=")
		ranges, err := parseRanges(list)
		switch {
		case err != nil:
			return s, fmt.Errorf("header %s: %w (got %q)", HeaderSkipped, err, text)
		case name == "parked":
			s.Parked = append(s.Parked, ranges...)
		case name == "dropped":
			s.Dropped = append(s.Dropped, ranges...)
		default:
			return s, fmt.Errorf("header %s: %q is neither parked nor dropped (got %q)", HeaderSkipped, name, text)
		}
	}
	return s, nil
}

func parseRanges(list string) ([]Range, error) {
	var ranges []Range
	for text := range strings.SplitSeq(list, ",") {
		first, last, isRange := strings.Cut(text, "-")
		if !isRange {
			last = first
		}
		from, err := parseNumber(first)
		if err != nil {
			return nil, err
		}
		to, err := parseNumber(last)
		if err != nil || to < from {
			return nil, fmt.Errorf("%q is no range", text)
		}
		ranges = append(ranges, Range{from, to})
	}
	return ranges, nil
}
