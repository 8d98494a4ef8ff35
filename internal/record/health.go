package record

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
)

// HeaderHealth has the Health of the agent at the time it sent the record. Only some records have it.
const HeaderHealth = "station-health"

// maxHealth limits the bytes of the header that are parsed: a stolen station may write anything.
const maxHealth = 4 << 10

// Health has the counters and states of a station's agent by name. Each is a whole number, 0 or more; an agent can omit some.
type Health map[string]int64

// HealthNames returns the names that are supported; the rest are ignored.
func HealthNames() []string {
	return []string{
		"uptime", // seconds since the output started
		"memory", // bytes that the Go runtime has obtained from the system

		// Of the output, since startup.
		"written", "sent_again", "rejected", "dropped", "damaged",
		// Of the outbox, current; sizes in bytes.
		"outbox_records", "outbox_bytes", "outbox_limit", "parked",

		// Of the input of the device, since startup.
		"lines", "readings", "sensing_errors", "silences", "lines_lost", "board_resets", "port_opens",
		"rejected_checksum", "rejected_syntax", "rejected_schema", "rejected_overlong", "rejected_encoding", "rejected_fused",
		"rejected_device", "rejected_empty",
	}
}

// String returns the value of the header, a compact JSON object.
func (h Health) String() string {
	text, err := json.Marshal(map[string]int64(h))
	if err != nil {
		return "" // cannot happen for a map of numbers
	}
	return string(text)
}

// ParseHealth returns the content of a value of the header.
func ParseHealth(text string) (Health, error) {
	if len(text) > maxHealth {
		return nil, fmt.Errorf("header %s has %d bytes, more than %d", HeaderHealth, len(text), maxHealth)
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &all); err != nil || all == nil {
		return nil, fmt.Errorf("header %s must be a JSON object of whole numbers (got %.100q)", HeaderHealth, text)
	}
	supported := HealthNames()
	health := make(Health, len(all))
	for name, value := range all {
		if !slices.Contains(supported, name) {
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
