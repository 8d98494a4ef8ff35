package doctor

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Report has the findings. It contains no secrets.
type Report struct {
	Configuration string    `json:"configuration"`
	Findings      []Finding `json:"checks"`
}

// OK reports whether there is nothing to fix.
func (r *Report) OK() bool {
	return !slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.State == Failed || f.State == Warning })
}

func (s State) mark() string {
	switch s {
	case OK:
		return "✓"
	case Warning:
		return "!"
	case Failed:
		return "✗"
	}
	return "-"
}

// Write prints a line for each check and, indented below it, the fix.
func (r *Report) Write(out io.Writer) error {
	var text strings.Builder
	for _, f := range r.Findings {
		fmt.Fprintf(&text, "%s %s: %s\n", f.State.mark(), f.Check, strings.Join(strings.Fields(f.Text), " "))
		if f.Fix != "" {
			fmt.Fprintf(&text, "    %s\n", f.Fix)
		}
	}
	_, err := io.WriteString(out, text.String())
	return err
}
