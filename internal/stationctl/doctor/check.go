package doctor

import (
	"context"
	"fmt"
	"time"
)

// State says how a check ended.
type State string

// The states.
const (
	Good State = "good"
	// Doubtful works, but not for ever or not as it should.
	Doubtful State = "doubtful"
	Bad      State = "bad"
	// Unchecked could not be looked at; the text says why.
	Unchecked State = "unchecked"
)

// Finding is what a check found.
type Finding struct {
	Check string `json:"check"`
	State State  `json:"state"`
	Text  string `json:"text"`
	// Fix is the command that mends it, or what a hand has to do.
	Fix string `json:"fix,omitempty"`
}

// result is a finding before it has its check's name.
type result struct {
	state     State
	text, fix string
}

func good(format string, args ...any) result {
	return result{state: Good, text: fmt.Sprintf(format, args...)}
}

func doubtful(fix, format string, args ...any) result {
	return result{Doubtful, fmt.Sprintf(format, args...), fix}
}

func bad(fix, format string, args ...any) result {
	return result{Bad, fmt.Sprintf(format, args...), fix}
}

func unchecked(format string, args ...any) result {
	return result{state: Unchecked, text: "not checked, since " + fmt.Sprintf(format, args...)}
}

// check is one line of the report.
type check struct {
	name string
	// needs are checks before it in the list without which it would only repeat what they say.
	needs []string
	// after are checks that it only waits for.
	after []string
	// limit is how long it may take; 0: usualLimit.
	limit time.Duration
	run   func(context.Context) result
}

const usualLimit = 5 * time.Second

// outcome is what the checks that need one wait for.
type outcome struct {
	done    chan struct{}
	finding Finding
	// cause is the check that failed first, "" if those after this one can run.
	cause string
}

// runAll runs the checks side by side, each as soon as those that it needs are good, and returns what they found in the order of the list.
func runAll(ctx context.Context, checks []check) []Finding {
	outcomes := make(map[string]*outcome)
	for _, c := range checks {
		outcomes[c.name] = &outcome{done: make(chan struct{})}
	}
	for _, c := range checks {
		go outcomes[c.name].decide(ctx, c, outcomes)
	}
	var findings []Finding
	for _, c := range checks {
		<-outcomes[c.name].done
		findings = append(findings, outcomes[c.name].finding)
	}
	return findings
}

func (o *outcome) decide(ctx context.Context, c check, others map[string]*outcome) {
	defer close(o.done)
	for _, need := range c.needs {
		other := others[need]
		if other == nil {
			continue
		}
		<-other.done
		if o.cause = other.cause; o.cause != "" {
			r := unchecked("%s is wrong", o.cause)
			o.finding = Finding{c.name, r.state, r.text, ""}
			return
		}
	}
	for _, name := range c.after {
		if other := others[name]; other != nil {
			<-other.done
		}
	}
	r := c.bounded(ctx)
	o.finding = Finding{c.name, r.state, r.text, r.fix}
	if r.state == Bad {
		o.cause = c.name
	}
}

// bounded gives a check up that takes too long: Kafka's client library knows no context.
func (c check) bounded(ctx context.Context) result {
	limit := c.limit
	if limit == 0 {
		limit = usualLimit
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	ended := make(chan result, 1)
	go func() { ended <- c.run(ctx) }()
	select {
	case r := <-ended:
		return r
	case <-time.After(limit + time.Second): // most end by the context, and say more
		return bad("", "no answer within %s", limit)
	}
}
