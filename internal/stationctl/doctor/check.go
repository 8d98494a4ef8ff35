package doctor

import (
	"context"
	"fmt"
	"time"
)

// State is the outcome of a check.
type State string

// The states.
const (
	OK State = "good"
	// Warning means that it works now, but can stop working, or is not set up as intended.
	Warning State = "doubtful"
	Failed  State = "bad"
	// Unchecked means that the check could not run; the text states why.
	Unchecked State = "unchecked"
)

// Finding is what a check found.
type Finding struct {
	Check string `json:"check"`
	State State  `json:"state"`
	Text  string `json:"text"`
	// Fix is the command that fixes the problem, or what to do by hand.
	Fix string `json:"fix,omitempty"`
}

// result is a Finding without the name of the check.
type result struct {
	state     State
	text, fix string
}

func ok(format string, args ...any) result {
	return result{state: OK, text: fmt.Sprintf(format, args...)}
}

func warning(fix, format string, args ...any) result {
	return result{Warning, fmt.Sprintf(format, args...), fix}
}

func failed(fix, format string, args ...any) result {
	return result{Failed, fmt.Sprintf(format, args...), fix}
}

func unchecked(format string, args ...any) result {
	return result{state: Unchecked, text: "not checked: " + fmt.Sprintf(format, args...)}
}

// check is one line of the report.
type check struct {
	name string
	// needs are earlier checks that must not fail: without them, this check would only repeat what they found.
	needs []string
	// after are checks that must be finished.
	after []string
	// limit is the time limit (default: usualLimit).
	limit time.Duration
	run   func(context.Context) result
}

const usualLimit = 5 * time.Second

// storing keeps the value that a check finds for the checks that need it.
func storing[T any](value *T, run func(context.Context) (T, result)) func(context.Context) result {
	return func(ctx context.Context) (r result) {
		*value, r = run(ctx)
		return r
	}
}

// outcome is what later checks wait for.
type outcome struct {
	done    chan struct{}
	finding Finding
	// cause is the check that failed first; empty if the checks that need this one can run.
	cause string
}

// runAll runs the checks concurrently, each as soon as its needs are met, and returns the findings in the order of the list.
func runAll(ctx context.Context, checks []check) ([]Finding, error) {
	outcomes := make(map[string]*outcome)
	for _, c := range checks {
		for _, name := range c.needs {
			if outcomes[name] == nil {
				return nil, fmt.Errorf("check %q needs %q, which is not an earlier check", c.name, name)
			}
		}
		outcomes[c.name] = &outcome{done: make(chan struct{})}
	}
	for _, c := range checks {
		for _, name := range c.after {
			if outcomes[name] == nil {
				return nil, fmt.Errorf("check %q runs after %q, which does not exist", c.name, name)
			}
		}
	}
	for _, c := range checks {
		go outcomes[c.name].run(ctx, c, outcomes)
	}
	var findings []Finding
	for _, c := range checks {
		<-outcomes[c.name].done
		findings = append(findings, outcomes[c.name].finding)
	}
	return findings, nil
}

func (o *outcome) run(ctx context.Context, c check, all map[string]*outcome) {
	defer close(o.done)
	r, cause := c.await(all)
	if cause == "" {
		r = c.runBounded(ctx)
		if r.state == Failed {
			cause = c.name
		}
	}
	o.finding, o.cause = Finding{c.name, r.state, r.text, r.fix}, cause
}

// await waits for other checks. If one that is needed failed, it returns its cause.
func (c check) await(all map[string]*outcome) (r result, cause string) {
	for _, name := range c.needs {
		<-all[name].done
		if cause = all[name].cause; cause != "" {
			return unchecked("%s failed", cause), cause
		}
	}
	for _, name := range c.after {
		<-all[name].done
	}
	return r, ""
}

// runBounded abandons a check that exceeds its limit: the Kafka client library does not support contexts.
func (c check) runBounded(ctx context.Context) result {
	limit := c.limit
	if limit == 0 {
		limit = usualLimit
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	done := make(chan result, 1)
	go func() { done <- c.run(ctx) }()
	select {
	case r := <-done:
		return r
	case <-time.After(limit + time.Second): // most checks stop with the context and report more
		return failed("", "no answer within %s", limit)
	}
}
