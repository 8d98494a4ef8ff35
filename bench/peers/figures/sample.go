// Package figures turns what was measured into medians, a table, a plot and a verdict on the targets. It measures nothing itself.
package figures

import (
	"math"
	"slices"
	"time"
)

// Latency is how long records took.
type Latency struct{ P50, P99, Max time.Duration }

// LatencyOf sorts what it is given. Of no records it is zero.
func LatencyOf(taken []time.Duration) Latency {
	if len(taken) == 0 {
		return Latency{}
	}
	slices.Sort(taken)
	return Latency{percentile(taken, 50), percentile(taken, 99), taken[len(taken)-1]}
}

// percentile is the smallest value that so many per cent of the sorted values do not exceed (the nearest rank).
func percentile(sorted []time.Duration, percent float64) time.Duration {
	rank := int(math.Ceil(percent / 100 * float64(len(sorted))))
	return sorted[max(rank, 1)-1]
}

// Spread is a figure over all rounds.
type Spread struct{ Median, Min, Max float64 }

// SpreadOf sorts what it is given. Of no rounds it is zero. Of an even number the median is the mean of the two in the middle.
func SpreadOf(rounds []float64) Spread {
	n := len(rounds)
	if n == 0 {
		return Spread{}
	}
	slices.Sort(rounds)
	return Spread{(rounds[(n-1)/2] + rounds[n/2]) / 2, rounds[0], rounds[n-1]}
}
