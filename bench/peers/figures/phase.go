package figures

import "time"

// Full is full speed; other speeds are lines per second.
const Full = 0

// Speeds returns the measured speeds.
func Speeds() []int { return []int{1, 10, 1000, Full} }

// Phase has the results of a contender at one speed in one round.
type Phase struct {
	Sent, Lost, Repeated int
	Taken                time.Duration // from the first line to the last record
	CPU                  time.Duration
	PeakResident         int64 // bytes, since the start of the contender
	Latency              Latency
}

func (p Phase) rate() float64       { return float64(p.Sent-p.Lost) / p.Taken.Seconds() }
func (p Phase) cpuShare() float64   { return p.CPU.Seconds() / p.Taken.Seconds() }
func (p Phase) cpuPer100k() float64 { return p.CPU.Seconds() / float64(p.Sent-p.Lost) * 100_000 }
func (p Phase) memory() float64     { return float64(p.PeakResident) }
func (p Phase) p50() float64        { return p.Latency.P50.Seconds() }
func (p Phase) p99() float64        { return p.Latency.P99.Seconds() }

// Contender has the results of a contender in all rounds.
type Contender struct {
	Name   string
	Limit  bool
	Phases map[int][]Phase // by speed, in the order of the rounds
	// Written is the number of bytes per record written to disk, by speed; empty if the contender stores nothing on disk.
	Written map[int]float64
}

func (c Contender) spread(speed int, figure func(Phase) float64) Spread {
	var rounds []float64
	for _, phase := range c.Phases[speed] {
		rounds = append(rounds, figure(phase))
	}
	return SpreadOf(rounds)
}

// latency returns the medians of all rounds, and the overall maximum.
func (c Contender) latency(speed int) Latency {
	var longest time.Duration
	for _, phase := range c.Phases[speed] {
		longest = max(longest, phase.Latency.Max)
	}
	return Latency{seconds(c.spread(speed, Phase.p50).Median), seconds(c.spread(speed, Phase.p99).Median), longest}
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// lost and repeated return the sums of all speeds and rounds.
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

// Report has the results of all contenders.
type Report struct {
	Heading           string // date, machine, and options
	Stations, Central []Contender
}
