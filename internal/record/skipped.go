package record

import (
	"fmt"
	"strconv"
	"strings"
)

// HeaderSkipped lists the numbers of the same epoch that will not arrive because the agent parked or dropped their records.
const HeaderSkipped = "station-skipped"

// Skipped is the content of HeaderSkipped: numbers of records that were parked on the agent's disk, or dropped because its outbox was full.
type Skipped struct{ Parked, Dropped []Range }

// String returns the value of the header, such as parked=17,19-21;dropped=30-40, or nothing if there are no numbers.
func (s Skipped) String() string {
	var parts []string
	if len(s.Parked) > 0 {
		parts = append(parts, "parked="+join(s.Parked))
	}
	if len(s.Dropped) > 0 {
		parts = append(parts, "dropped="+join(s.Dropped))
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

// ParseSkipped returns the content of a value of HeaderSkipped. With an error it returns what comes before the invalid part.
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
			return nil, fmt.Errorf("%q is not a range", text)
		}
		ranges = append(ranges, Range{from, to})
	}
	return ranges, nil
}
