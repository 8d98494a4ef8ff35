package record

import (
	"fmt"
	"strconv"
	"strings"
)

// HeaderSkipped lists numbers of the same device that will not arrive because the agent parked or dropped their records.
const HeaderSkipped = "station-skipped"

// Skipped is the content of HeaderSkipped: numbers of records that were parked on the agent's disk, or dropped because its outbox was full.
type Skipped struct {
	// Parked and Dropped are numbers of the record's own epoch.
	Parked, Dropped []Range
	// Earlier are those of earlier epochs.
	Earlier []SkippedEarlier
}

// SkippedEarlier has the skipped numbers of an epoch that ended.
type SkippedEarlier struct {
	Epoch           string
	Parked, Dropped []Range
}

// String returns the value of the header, or nothing if there are no numbers. Numbers of the record's own epoch come first; the name of an
// earlier epoch comes before its numbers, as in parked=17,19-21;dropped=30-40;epoch=18eadc35f82ab769;parked=3.
func (s Skipped) String() string {
	parts := skippedParts(nil, s.Parked, s.Dropped)
	for _, earlier := range s.Earlier {
		parts = skippedParts(append(parts, "epoch="+earlier.Epoch), earlier.Parked, earlier.Dropped)
	}
	return strings.Join(parts, ";")
}

func skippedParts(parts []string, parked, dropped []Range) []string {
	if len(parked) > 0 {
		parts = append(parts, "parked="+join(parked))
	}
	if len(dropped) > 0 {
		parts = append(parts, "dropped="+join(dropped))
	}
	return parts
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

// ParseSkipped returns the content of a value of HeaderSkipped. With an error it returns what comes before the invalid part.
func ParseSkipped(text string) (Skipped, error) {
	var s Skipped
	if text == "" {
		return s, nil
	}
	for part := range strings.SplitSeq(text, ";") {
		if err := s.parsePart(part); err != nil {
			return s, fmt.Errorf("header %s: %w (got %q)", HeaderSkipped, err, text)
		}
	}
	return s, nil
}

func (s *Skipped) parsePart(part string) error {
	name, value, _ := strings.Cut(part, "=")
	if name == "epoch" {
		epoch, err := ParseEpoch(value)
		if err == nil {
			s.Earlier = append(s.Earlier, SkippedEarlier{Epoch: epoch})
		}
		return err
	}
	parked, dropped := &s.Parked, &s.Dropped
	if n := len(s.Earlier); n > 0 {
		parked, dropped = &s.Earlier[n-1].Parked, &s.Earlier[n-1].Dropped
	}
	ranges, err := parseRanges(value)
	switch {
	case err != nil:
		return err
	case name == "parked":
		*parked = append(*parked, ranges...)
	case name == "dropped":
		*dropped = append(*dropped, ranges...)
	default:
		return fmt.Errorf("%q is neither parked, dropped, nor epoch", name)
	}
	return nil
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
			return nil, fmt.Errorf("%q is not a range", text)
		}
		ranges = append(ranges, Range{from, to})
	}
	return ranges, nil
}
