package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func someResults() results {
	s := step{Sites: 1000, CreatePerSecond: 60, Claim: 3 * time.Second, Records: 300_000}
	s.Full.Brokers, s.Full.CPUPer100k, s.Drain = 2, 1, drain{Records: 100_000, Taken: 5 * time.Second, CPU: 1500 * time.Millisecond}
	f := fleet{Centrals: 2, PerSecond: 9000, Lag: 12}
	return results{Heading: "heading", Steps: []step{s}, Fleets: []fleet{f}}
}

func TestTheTableHasOneFormForAllRows(t *testing.T) {
	t.Parallel()
	table := someResults().table()
	require.Contains(t, table, "| | 1,000 sites | fleet, 2 central Telegraf instances |\n| --- | --- | --- |\n")
	require.Contains(t, table, "| records/s to InfluxDB | 20,000 | 9,000 |\n")
	for line := range strings.Lines(table) {
		if strings.HasPrefix(line, "|") {
			require.Equal(t, 4, strings.Count(line, "|"), line)
		}
	}
	require.Contains(t, someResults().plot(), "1,000 sites")
}

func TestThePlan(t *testing.T) {
	t.Parallel()
	in := someResults().inputs()
	require.Equal(t, need{stations: 10_000, sites: 1000, clusters: 1, brokers: 3, centrals: 2, stores: 1, perSecond: 10_000}, in.of(10_000))
	// 100,000 sites are 10 clusters of 30,000 replicas each, so 8 brokers; 100,000 records/s in each of them take 4 busy cores of brokers, and 3 central Telegraf instances and a spare one.
	require.Equal(t, need{stations: 1_000_000, sites: 100_000, clusters: 10, brokers: 80, centrals: 40, stores: 50, perSecond: 1_000_000}, in.of(1_000_000))
	require.Contains(t, someResults().plan(), "| 1,000,000 | 100,000 | 1,000,000 | 300 | 10 | 80 | 40 | 50 |\n")
}

// What a fleet costs counts: its readings come one by one.
func TestThePlanCountsTheFleet(t *testing.T) {
	t.Parallel()
	r := someResults()
	r.Fleets[0].CPU, r.Fleets[0].Load.Brokers = 2, 40
	require.InDelta(t, 2, r.inputs().centralCPU, 0)
	// 100,000 records/s in a cluster take 40 of their cores, which are half busy: 20 brokers of 4.
	require.Equal(t, need{stations: 1_000_000, sites: 100_000, clusters: 10, brokers: 200, centrals: 50, stores: 50, perSecond: 1_000_000}, r.inputs().of(1_000_000))
}

func TestOptions(t *testing.T) {
	t.Parallel()
	o, err := parse(nil)
	require.NoError(t, err)
	require.Equal(t, []int{10, 100, 1000, 5000}, o.sites)
	o, err = parse([]string{"-quick", "-seconds", "7"})
	require.NoError(t, err)
	require.Equal(t, []int{10, 50}, o.sites)
	require.Equal(t, 7, o.seconds, "an explicit flag has precedence")
	for args, want := range map[string]string{
		"-sites 10,5":           "flag -sites must be ascending",
		"-sites 10,10":          "flag -sites must be ascending",
		"-sites x":              `flag -sites must be numbers of 1 or more, separated by commas (got "x")`,
		"-sites 20000":          "flag -sites must be at most 10000 (got 20000)",
		"-centrals 0":           `flag -centrals must be numbers of 1 or more`,
		"-fleet-sites 7":        "-fleet-sites must be one of -sites, or 0 (got 7)",
		"-fleet-stations 999":   "-fleet-stations must be -fleet-sites (1000) or more (got 999)",
		"-rate 0":               "flags -rate, -records, and -seconds must be 1 or more",
		"-heap 100":             "-heap must be 256 or more (got 100)",
		"-sites 10 -seconds 1 ": "-fleet-sites must be one of -sites, or 0 (got 1000)",
		"quick":                 `unexpected arguments ["quick"]`,
	} {
		_, err := parse(strings.Fields(args))
		require.ErrorContains(t, err, want, args)
	}
}

func TestUsageOfThisProcess(t *testing.T) {
	t.Parallel()
	u, err := usageOf([]int{os.Getpid()})
	require.NoError(t, err)
	require.Positive(t, u.Resident)
	_, err = usageOf([]int{1 << 30})
	require.ErrorContains(t, err, "1073741824")
}
