package faults

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// Result is a row of the table.
type Result struct {
	Fault, Expected, Seen   string
	Records, Lost, Repeated int64
	// Stall is the longest time from a reading to its append; 0 if the readings have other times than the test.
	Stall time.Duration
}

// Results collects the results.
type Results struct {
	mu  sync.Mutex
	all []Result
}

// Add adds a result.
func (r *Results) Add(result Result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, result)
}

// Table returns the results as a Markdown table.
func (r *Results) Table() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := slices.Clone(r.all)
	var text strings.Builder
	text.WriteString("| fault | expected | seen | records | lost | repeated | longest stall |\n| --- | --- | --- | --- | --- | --- | --- |\n")
	for _, result := range all {
		stall := "-"
		if result.Stall > 0 {
			stall = fmt.Sprintf("%.1f s", result.Stall.Seconds())
		}
		fmt.Fprintf(&text, "| %s | %s | %s | %d | %d | %d | %s |\n",
			result.Fault, result.Expected, result.Seen, result.Records, result.Lost, result.Repeated, stall)
	}
	return text.String()
}

const (
	tableBegins = "<!-- table begins -->\n"
	tableEnds   = "<!-- table ends -->\n"
)

// WriteInto replaces the table between the markers of a README.
func (r *Results) WriteInto(file string) error {
	data, err := os.ReadFile(file) //nolint:gosec // the caller's own
	if err != nil {
		return err
	}
	before, rest, found := strings.Cut(string(data), tableBegins)
	_, after, ended := strings.Cut(rest, tableEnds)
	if !found || !ended {
		return fmt.Errorf("%s has no markers for the table", file)
	}
	return os.WriteFile(file, []byte(before+tableBegins+r.Table()+tableEnds+after), 0o600) //nolint:gosec // the caller's own
}
