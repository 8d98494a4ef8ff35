package figures

import "time"

// Full is full speed; other speeds are lines a second.
const Full = 0

// Speeds are those that are measured.
func Speeds() []int { return []int{1, 10, 1000, Full} }

// Phase is what a contender did at one speed in one round.
type Phase struct {
	Sent, Lost, Repeated int
	Taken                time.Duration // from the first line to the last record
	CPU                  time.Duration
	PeakResident         int64 // bytes, since the contender's start
	Latency              Latency
}

func (p Phase) rate() float64       { return float64(p.Sent-p.Lost) / p.Taken.Seconds() }
func (p Phase) cpuShare() float64   { return p.CPU.Seconds() / p.Taken.Seconds() }
func (p Phase) cpuPer100k() float64 { return p.CPU.Seconds() / float64(p.Sent-p.Lost) * 100_000 }
func (p Phase) memory() float64     { return float64(p.PeakResident) }
func (p Phase) p50() float64        { return p.Latency.P50.Seconds() }
func (p Phase) p99() float64        { return p.Latency.P99.Seconds() }

// Contender is what one did in all rounds.
type Contender struct {
	Name   string
	Limit  bool
	Phases map[int][]Phase // by speed, in the order of the rounds
	// Written is what its disk got, in bytes a record, by speed. One that keeps nothing on disk has none.
	Written map[int]float64
}

func (c Contender) spread(speed int, figure func(Phase) float64) Spread {
	var rounds []float64
	for _, phase := range c.Phases[speed] {
		rounds = append(rounds, figure(phase))
	}
	return SpreadOf(rounds)
}

// latency is the medians of all rounds, and the longest of all.
func (c Contender) latency(speed int) Latency {
	var longest time.Duration
	for _, phase := range c.Phases[speed] {
		longest = max(longest, phase.Latency.Max)
	}
	return Latency{seconds(c.spread(speed, Phase.p50).Median), seconds(c.spread(speed, Phase.p99).Median), longest}
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// lost and repeated count over all speeds and rounds.
func (c Contender) lost() int     { return c.sum(func(p Phase) int { return p.Lost }) }
func (c Contender) repeated() int { return c.sum(func(p Phase) int { return p.Repeated }) }

func (c Contender) sum(count func(Phase) int) (total int) {
	for _, phases := range c.Phases {
		for _, phase := range phases {
			total += count(phase)
		}
	}
	return total
}

// Report is all of it.
type Report struct {
	Heading           string // when, where and how long
	Stations, Central []Contender
}
