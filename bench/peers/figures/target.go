package figures

import (
	"fmt"
	"slices"
	"strings"
)

// Figure is a figure that a target compares.
type Figure int

// The figures of targets; all except IdleCPU, IdleMemory, and IdleP50 are at full speed.
const (
	Rate Figure = iota
	CPUPerRecord
	PeakMemory
	P99
	IdleCPU
	IdleMemory
	IdleP50
)

// Target is a limit for the ratio of a figure of ours to that of another contender.
type Target struct {
	Ours, Other string
	Figure      Figure
	Least       bool // true if Bound is the minimum, not the maximum
	Bound       float64
}

// Verdict compares the medians. known is false if one of them was not measured.
func (t Target) Verdict(contenders []Contender) (ratio float64, met, known bool) {
	ours, ourOK := t.Figure.of(contenders, t.Ours)
	other, otherOK := t.Figure.of(contenders, t.Other)
	if !ourOK || !otherOK || other == 0 {
		return 0, false, false
	}
	ratio = ours / other
	if t.Least {
		return ratio, ratio >= t.Bound, true
	}
	return ratio, ratio <= t.Bound, true
}

func (f Figure) of(contenders []Contender, name string) (median float64, ok bool) {
	i := slices.IndexFunc(contenders, func(c Contender) bool { return c.Name == name })
	speed, value := f.source()
	if i < 0 || len(contenders[i].Phases[speed]) == 0 {
		return 0, false
	}
	return contenders[i].spread(speed, value).Median, true
}

func (f Figure) source() (speed int, value func(Phase) float64) {
	switch f {
	case Rate:
		return Full, Phase.rate
	case CPUPerRecord:
		return Full, Phase.cpuPer100k
	case PeakMemory:
		return Full, Phase.memory
	case P99:
		return Full, Phase.p99
	case IdleCPU:
		return 1, Phase.cpuShare
	case IdleMemory:
		return 1, Phase.memory
	default:
		return 1, Phase.p50
	}
}

func (f Figure) String() string {
	return [...]string{
		"records/s", "CPU per record", "peak memory", "p99 latency at full speed", "CPU at 1 line/s", "memory at 1 line/s", "p50 latency at 1 line/s",
	}[f]
}

// Targets returns a table of met and missed targets.
func Targets(targets []Target, contenders []Contender) string {
	var text strings.Builder
	text.WriteString("| target | ratio | |\n| --- | --- | --- |\n")
	for _, t := range targets {
		sign := "≤"
		if t.Least {
			sign = "≥"
		}
		ratio, met, known := t.Verdict(contenders)
		fmt.Fprintf(&text, "| %s: %s ÷ %s %s %.2g |", t.Figure, t.Ours, t.Other, sign, t.Bound)
		switch {
		case !known:
			fmt.Fprintf(&text, " %s | not measured |\n", none)
		case met:
			fmt.Fprintf(&text, " %.2f | met |\n", ratio)
		default:
			fmt.Fprintf(&text, " %.2f | **missed** |\n", ratio)
		}
	}
	return text.String()
}
