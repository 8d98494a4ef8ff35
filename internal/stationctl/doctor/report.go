package doctor

import (
	"fmt"
	"io"
	"strings"
)

// Report is what was found. It has no secrets.
type Report struct {
	Configuration string    `json:"configuration"`
	Findings      []Finding `json:"checks"`
}

// Sound says that there is nothing to mend.
func (r *Report) Sound() bool {
	for _, f := range r.Findings {
		if f.State == Bad || f.State == Doubtful {
			return false
		}
	}
	return true
}

func (s State) mark() string {
	switch s {
	case Good:
		return "✓"
	case Doubtful:
		return "!"
	case Bad:
		return "✗"
	}
	return "-"
}

// Write has a line for each check, and an indented one below it for what mends it.
func (r *Report) Write(out io.Writer) error {
	for _, f := range r.Findings {
		if _, err := fmt.Fprintf(out, "%s %s: %s\n", f.State.mark(), f.Check, oneLine(f.Text)); err != nil {
			return err
		}
		if f.Fix == "" {
			continue
		}
		if _, err := fmt.Fprintf(out, "    %s\n", f.Fix); err != nil {
			return err
		}
	}
	return nil
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
