package record

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
)

// HeaderHealth tells how the agent was when it sent the record: see Health. It stands on some records only.
const HeaderHealth = "station-health"

// maxHealth is the most bytes of the header that are read: a stolen station may write anything.
const maxHealth = 4 << 10

// Health are counters and states of a station's agent, by name. Each is a whole number, 0 or more; an agent need not tell all.
type Health map[string]int64

// HealthNames are the names that are read; others are passed over.
func HealthNames() []string {
	return []string{
		"uptime", // seconds since the output started
		"memory", // bytes that the Go runtime has from the system

		// Of the output, since it started.
		"written", "sent_again", "rejected", "dropped", "damaged",
		// Of the outbox now; sizes in bytes.
		"outbox_records", "outbox_bytes", "outbox_limit", "parked",

		// Of the device's input, since it started.
		"lines", "readings", "sensing_errors", "silences", "lines_lost", "board_resets", "port_opens",
		"rejected_checksum", "rejected_syntax", "rejected_schema", "rejected_overlong", "rejected_encoding", "rejected_fused",
		"rejected_device", "rejected_empty",
	}
}

// String is the header's value, a compact JSON object.
func (h Health) String() string {
	text, err := json.Marshal(map[string]int64(h))
	if err != nil {
		return "" // a map of numbers is JSON
	}
	return string(text)
}

// ParseHealth reads the header's value.
func ParseHealth(text string) (Health, error) {
	if len(text) > maxHealth {
		return nil, fmt.Errorf("header %s has %d bytes, more than %d", HeaderHealth, len(text), maxHealth)
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &all); err != nil || all == nil {
		return nil, fmt.Errorf("header %s must be a JSON object of whole numbers (got %.100q)", HeaderHealth, text)
	}
	known := HealthNames()
	health := make(Health, len(all))
	for name, value := range all {
		if !slices.Contains(known, name) {
			continue
		}
		n, err := strconv.ParseInt(string(value), 10, 64)
		if err != nil || n < 0 {
			return nil, fmt.Errorf("header %s: %q must be a whole number from 0 to %d (got %.100q)", HeaderHealth, name, int64(1<<63-1), value)
		}
		health[name] = n
	}
	return health, nil
}
