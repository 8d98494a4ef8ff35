package figures

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestLatencyOf(t *testing.T) {
	t.Parallel()
	taken := make([]time.Duration, 0, 200)
	for i := range 200 {
		taken = append(taken, time.Duration(200-i)*time.Millisecond)
	}
	require.Equal(t, Latency{100 * time.Millisecond, 198 * time.Millisecond, 200 * time.Millisecond}, LatencyOf(taken))
	require.Equal(t, Latency{3, 3, 3}, LatencyOf([]time.Duration{3}))
	require.Equal(t, Latency{1, 2, 2}, LatencyOf([]time.Duration{2, 1}))
	require.Zero(t, LatencyOf(nil))
}

func TestSpreadOf(t *testing.T) {
	t.Parallel()
	require.Equal(t, Spread{2, 1, 9}, SpreadOf([]float64{9, 1, 2}))
	require.Equal(t, Spread{2.5, 1, 4}, SpreadOf([]float64{4, 3, 2, 1}))
	require.Zero(t, SpreadOf(nil))
}

// full is a round at full speed, of 1,000 records.
func full(taken, cpu, p99 time.Duration, megabytes int64) Phase {
	return Phase{Sent: 1000, Taken: taken, CPU: cpu, PeakResident: megabytes * 1e6, Latency: Latency{p99 / 2, p99, p99 * 2}}
}

func report() Report {
	ours := Contender{Name: "ours", Written: map[int]float64{1: 4400, Full: 0}, Phases: map[int][]Phase{
		1: {{Sent: 10, Taken: 10 * time.Second, CPU: 20 * time.Millisecond, PeakResident: 30e6, Latency: Latency{time.Millisecond, 2 * time.Millisecond, 150 * time.Millisecond}}},
		Full: {
			full(time.Second/2, 20*time.Millisecond, 10*time.Millisecond, 40),
			full(time.Second, 40*time.Millisecond, 12*time.Millisecond, 44),
			full(time.Second/4, 10*time.Millisecond, 8*time.Millisecond, 42),
		},
	}}
	lossy := full(time.Second, 400*time.Millisecond, time.Second, 300)
	lossy.Lost, lossy.Repeated = 200, 3
	return Report{
		Heading:  "Of a test.",
		Stations: []Contender{ours, {Name: "peer <1>", Phases: map[int][]Phase{Full: {lossy}}}},
		Central:  []Contender{{Name: "limit: writer", Limit: true, Phases: map[int][]Phase{Full: {full(time.Second, time.Second, time.Second, 10)}}}},
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	table := report().Table()
	require.Contains(t, table, "Of a test.\n\n| | records/s")
	require.Contains(t, table,
		"| ours | 2,000 (1,000–4,000) | 2.00 (1.00–4.00) | 42 (40–44) | 0.20 | 4,400 | 0 | 1.0 / 2.0, 150 | — | — | 5.0 / 10.0, 24.0 |\n")
	require.Contains(t, table, "| peer <1> (**200 lost**, 3 repeated) | 800 | 50.00 | 300 | — | — | — | — | — | — | 500 / 1,000, 2,000 |\n")
	require.Contains(t, table, "| limit: writer | 1,000 |")
	requireEvenRows(t, table)
}

func requireEvenRows(t *testing.T, table string) {
	t.Helper()
	columns := 0
	for line := range strings.Lines(table) {
		if !strings.HasPrefix(line, "|") {
			continue
		}
		if columns == 0 {
			columns = strings.Count(line, "|")
		}
		require.Equal(t, columns, strings.Count(line, "|"), line)
	}
	require.NotZero(t, columns)
}

func TestTargets(t *testing.T) {
	t.Parallel()
	table := Targets([]Target{
		{"ours", "peer <1>", Rate, true, 2},
		{"ours", "peer <1>", Rate, true, 3},
		{"ours", "peer <1>", CPUPerRecord, false, 1. / 3},
		{"ours", "peer <1>", P99, false, 0.005},
		{"ours", "peer <1>", PeakMemory, false, 0.2},
		{"ours", "peer <1>", IdleCPU, false, 0.1},
		{"ours", "missing", Rate, true, 1},
	}, report().Stations)
	require.Equal(t, `| target | ratio | |
| --- | --- | --- |
| records/s: ours ÷ peer <1> ≥ 2 | 2.50 | met |
| records/s: ours ÷ peer <1> ≥ 3 | 2.50 | **missed** |
| CPU per record: ours ÷ peer <1> ≤ 0.33 | 0.04 | met |
| p99 latency at full speed: ours ÷ peer <1> ≤ 0.005 | 0.01 | **missed** |
| peak memory: ours ÷ peer <1> ≤ 0.2 | 0.14 | met |
| CPU at 1 line/s: ours ÷ peer <1> ≤ 0.1 | — | not measured |
| records/s: ours ÷ missing ≥ 1 | — | not measured |
`, table)
}

func TestPlotIsSmallAndWellFormed(t *testing.T) {
	t.Parallel()
	plot := report().Plot(func(name string) bool { return name == "ours" })
	require.Less(t, len(plot), 100_000)
	var texts []string
	colors := map[string]int{}
	for decoder := xml.NewDecoder(strings.NewReader(plot)); ; {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		switch token := token.(type) {
		case xml.CharData:
			texts = append(texts, string(token))
		case xml.StartElement:
			for _, attribute := range token.Attr {
				if attribute.Name.Local == "fill" {
					colors[attribute.Value]++
				}
			}
		}
	}
	require.Subset(t, texts, []string{"ours", "peer <1> (lossy)", "limit: writer", "2,000", "800", "—"})
	require.Equal(t, map[string]int{"white": 1, oursColor: 5, peerColor: 4, limitColor: 4}, colors)
}

func TestBarLengths(t *testing.T) {
	t.Parallel()
	require.InDelta(t, panelWidth/2., Panel{}.length(5, 1, 10), 1e-9)
	require.InDelta(t, 1, Panel{}.length(1e-9, 1e-9, 10), 1e-9, "still to be seen")
	logarithmic := Panel{Logarithmic: true}
	require.InDelta(t, panelWidth, logarithmic.length(1000, 1, 1000), 1e-9)
	require.Positive(t, logarithmic.length(1, 1, 1000))
	require.InDelta(t, panelWidth, logarithmic.length(7, 7, 7), 1e-9, "a single value")
}

func TestCount(t *testing.T) {
	t.Parallel()
	for want, number := range map[string]float64{"0": 0, "999": 999, "1,000": 1000, "-1,234,567": -1234567, "-123": -123} {
		require.Equal(t, want, Count(number, 0))
	}
	require.Equal(t, "1,234.50", Count(1234.5, 2))
}
