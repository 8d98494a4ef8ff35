package record

import (
	"fmt"
	"strconv"
	"strings"
)

// The headers of a record that number the records of a topic and device without a gap.
const (
	// HeaderEpoch identifies the life of the outbox that numbered the record: 16 hex digits; epochs sort by time.
	HeaderEpoch = "station-epoch"
	// HeaderSeq counts the records of a topic and device in an epoch, starting at 1.
	HeaderSeq = "station-seq"
)

// MaxSeq is the highest number that is accepted: more than an agent can write, exact in every JSON reader, and low enough that sums of such
// numbers do not overflow. Otherwise one damaged header could hide losses elsewhere.
const MaxSeq uint64 = 1<<53 - 1

// FormatEpoch returns the value of HeaderEpoch.
func FormatEpoch(epoch uint64) string { return fmt.Sprintf("%016x", epoch) }

// ParseEpoch checks the value of HeaderEpoch and returns it. Epochs are compared as text, so their form matters.
func ParseEpoch(text string) (string, error) {
	if len(text) != 16 || strings.Trim(text, "0123456789abcdef") != "" {
		return "", fmt.Errorf("header %s must be 16 lowercase hex digits (got %q)", HeaderEpoch, text)
	}
	return text, nil
}

// ParseSeq returns the number in a value of HeaderSeq.
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
		return 0, fmt.Errorf("%q is not a number from 1 to %d", text, MaxSeq)
	}
	return n, nil
}
