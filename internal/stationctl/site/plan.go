package site

import (
	"context"
	"fmt"
	"io"
	"slices"
)

// The marks of steps.
const (
	// Made is what is missing.
	Made = "+"
	// Changed is what is otherwise.
	Changed = "~"
	// Removed is what goes.
	Removed = "-"
	// So is what needs nothing.
	So = "="
	// Doubt is what is otherwise and is not touched: its text says why, and what to do.
	Doubt = "!"
)

// Step is one thing of a plan.
type Step struct {
	Mark string `json:"mark"`
	Text string `json:"text"`
	// Done says that the step was applied.
	Done bool `json:"done"`

	do func(context.Context) error
}

// Plan is what is to be done, in an order in which nothing is unsafe if it ends between two steps.
type Plan struct {
	Topic string `json:"topic,omitempty"` // empty: a central Telegraf's
	User  string `json:"user,omitempty"`
	Steps []Step `json:"steps"`
}

func (p *Plan) is(format string, args ...any) { p.add(So, nil, format, args...) }

func (p *Plan) doubt(format string, args ...any) { p.add(Doubt, nil, format, args...) }

func (p *Plan) add(mark string, do func(context.Context) error, format string, args ...any) {
	p.Steps = append(p.Steps, Step{Mark: mark, Text: fmt.Sprintf(format, args...), do: do})
}

// Changes is how many steps there are to apply.
func (p *Plan) Changes() int {
	count := 0
	for _, s := range p.Steps {
		if s.do != nil {
			count++
		}
	}
	return count
}

// Whole says that all is applied.
func (p *Plan) Whole() bool {
	return !slices.ContainsFunc(p.Steps, func(s Step) bool { return s.do != nil && !s.Done })
}

// Doubts says that something is otherwise than wanted, and will stay so.
func (p *Plan) Doubts() bool {
	return slices.ContainsFunc(p.Steps, func(s Step) bool { return s.Mark == Doubt })
}

// Write prints the plan as a diff.
func (p *Plan) Write(out io.Writer) error {
	for _, s := range p.Steps {
		if err := s.Write(out); err != nil {
			return err
		}
	}
	return nil
}

// Write prints the step.
func (s Step) Write(out io.Writer) error {
	_, err := fmt.Fprintf(out, "%s %s\n", s.Mark, s.Text)
	return err
}

// Apply does the steps, and tells of each when it is done. It ends at the first error.
func (p *Plan) Apply(ctx context.Context, done func(Step) error) error {
	for i := range p.Steps {
		step := &p.Steps[i]
		if step.do != nil {
			if err := step.do(ctx); err != nil {
				return fmt.Errorf("%s: %w: what is above is done; run the same command again when this is mended", step.Text, err)
			}
			step.Done = true
		}
		if err := done(*step); err != nil {
			return err
		}
	}
	return nil
}
