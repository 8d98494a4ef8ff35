package site

import (
	"context"
	"fmt"
	"io"
	"slices"
)

// The marks of steps.
const (
	// Created marks what is missing and will be created.
	Created = "+"
	// Changed marks what differs and will be changed.
	Changed = "~"
	// Removed marks what will be removed.
	Removed = "-"
	// Unchanged marks what is as required.
	Unchanged = "="
	// Warning marks what differs and is left unchanged; its text says why, and what to do.
	Warning = "!"
)

// Step is one change, or one finding, of a plan.
type Step struct {
	Mark string `json:"mark"`
	Text string `json:"text"`
	// Done reports whether the step has been applied.
	Done bool `json:"done"`

	do func(context.Context) error
}

// Plan has the steps that are left to do, in an order that is safe to interrupt between any two steps.
type Plan struct {
	Topic string `json:"topic,omitempty"` // empty for the central Telegraf
	User  string `json:"user,omitempty"`
	Steps []Step `json:"steps"`
}

func (p *Plan) keep(format string, args ...any) { p.add(Unchanged, nil, format, args...) }

func (p *Plan) warn(format string, args ...any) { p.add(Warning, nil, format, args...) }

func (p *Plan) add(mark string, do func(context.Context) error, format string, args ...any) {
	p.Steps = append(p.Steps, Step{Mark: mark, Text: fmt.Sprintf(format, args...), do: do})
}

// Changes returns the number of steps to apply.
func (p *Plan) Changes() int {
	count := 0
	for _, s := range p.Steps {
		if s.do != nil {
			count++
		}
	}
	return count
}

// Whole reports whether all steps have been applied.
func (p *Plan) Whole() bool {
	return !slices.ContainsFunc(p.Steps, func(s Step) bool { return s.do != nil && !s.Done })
}

// Warnings reports whether something differs and is left unchanged.
func (p *Plan) Warnings() bool {
	return slices.ContainsFunc(p.Steps, func(s Step) bool { return s.Mark == Warning })
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

// Apply executes the steps, and calls done after each. It stops at the first error.
func (p *Plan) Apply(ctx context.Context, done func(Step) error) error {
	for i := range p.Steps {
		step := &p.Steps[i]
		if step.do != nil {
			if err := step.do(ctx); err != nil {
				return fmt.Errorf("%s: %w; the steps above were applied; fix the problem and repeat the command", step.Text, err)
			}
			step.Done = true
		}
		if err := done(*step); err != nil {
			return err
		}
	}
	return nil
}
