// Package figures computes medians from measurements and formats tables, plots, and a comparison with the targets. It measures nothing.
package figures

import (
	"math"
	"slices"
	"time"
)

// Latency has percentiles of the latency of records.
type Latency struct{ P50, P99, Max time.Duration }

// LatencyOf sorts its argument. Without records, the result is zero.
func LatencyOf(taken []time.Duration) Latency {
	if len(taken) == 0 {
		return Latency{}
	}
	slices.Sort(taken)
	return Latency{percentile(taken, 50), percentile(taken, 99), taken[len(taken)-1]}
}

// percentile returns the smallest value that the given percentage of the sorted values does not exceed (nearest rank).
func percentile(sorted []time.Duration, percent float64) time.Duration {
	rank := int(math.Ceil(percent / 100 * float64(len(sorted))))
	return sorted[max(rank, 1)-1]
}

// Spread is the distribution of a figure over all rounds.
type Spread struct{ Median, Min, Max float64 }

// SpreadOf sorts its argument. Without rounds, the result is zero. For an even number of rounds, the median is the mean of the middle two.
func SpreadOf(rounds []float64) Spread {
	n := len(rounds)
	if n == 0 {
		return Spread{}
	}
	slices.Sort(rounds)
	return Spread{(rounds[(n-1)/2] + rounds[n/2]) / 2, rounds[0], rounds[n-1]}
}
