//go:build real

package grafana

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestEveryPanelHasRows runs every query of every variable and panel: for each site, with all stations and with selected ones, with one point
// per reading (which would keep an error value) and with longer intervals.
func TestEveryPanelHasRows(t *testing.T) {
	t.Parallel()
	s := filled(t)
	requireErrorValues(t, s)
	languages := map[string]int{}
	for _, d := range dashboards(t) {
		for _, byHand := range []bool{false, true} {
			for _, set := range s.choose(t, d.Templating.List, byHand) {
				for _, width := range []time.Duration{period, 5 * time.Minute} {
					s.requireRows(t, d, set, width, languages)
				}
			}
		}
	}
	require.Positive(t, languages[influxQLSource])
	require.Positive(t, languages[fluxSource])
	t.Logf("queries run: %v", languages)
}

// requireErrorValues checks that the data contains error values, which the panels must leave out.
func requireErrorValues(t *testing.T, s *store) {
	t.Helper()
	series, err := s.Query(t.Context(), `SELECT min(temp), min(light), min(alcohol_gas), min(co_gas) FROM JNU_rasp`)
	require.NoError(t, err)
	for i, want := range []float64{-999, -1, -1, -1} {
		require.InDelta(t, want, plain(t, series[0].Values[0][i+1]), 0)
	}
}

func (s *store) requireRows(t *testing.T, d dashboard, set values, width time.Duration, languages map[string]int) {
	t.Helper()
	for _, p := range d.Panels {
		for _, target := range p.Targets {
			target.Query = set.in(t, target.Query)
			got := s.run(t, target, window{begin, end, p.interval(t, width)})
			languages[target.Datasource.UID]++
			name := []any{"%s: %s, %s", d.Title, p.Title, target.Query}
			require.NotZero(t, got.count(), name...)
			require.GreaterOrEqual(t, got.least(), 0.0, name...) // only error values are below zero
			got.requireColumns(t, p)
		}
	}
}

// count returns the number of values.
func (a result) count() int {
	count := 0
	for _, line := range a.lines {
		count += len(line.points)
	}
	for _, table := range a.tables {
		count += len(table.rows)
	}
	return count
}

func (a result) least() float64 {
	var numbers []float64
	for _, line := range a.lines {
		for _, point := range line.points {
			numbers = append(numbers, point.value)
		}
	}
	for _, table := range a.tables {
		for _, row := range table.rows {
			for _, cell := range row {
				if number, ok := cell.(float64); ok {
					numbers = append(numbers, number)
				}
			}
		}
	}
	return slices.Min(numbers)
}

// requireColumns requires each column for which the panel sets a unit or a title.
func (a result) requireColumns(t *testing.T, p panel) {
	t.Helper()
	if p.Type != "table" && p.Type != "geomap" {
		require.Empty(t, a.tables, p.Title)
		return
	}
	require.Empty(t, a.lines, p.Title)
	require.Len(t, a.tables, 1, p.Title)
	for _, override := range p.FieldConfig.Overrides {
		require.Equal(t, "byName", override.Matcher.ID)
		require.Contains(t, a.tables[0].columns, override.Matcher.Options, p.Title)
	}
}

// TestTables compares the two tables with the events in the fleet.
func TestTables(t *testing.T) {
	t.Parallel()
	s := filled(t)
	millis := func(at time.Time) float64 { return float64(at.UnixMilli()) }
	last := end.Add(-period)

	fleet := s.table(t, "station-fleet", "Sites", values{})
	require.Equal(t, []any{"Busan.East", "1", "rasp"}, fleet.row(0, "site", "index", "type"))
	require.Equal(t, []any{3.0, 87.0, 1.0, 6.0, millis(last)}, fleet.row(0, "lost", "lag", "stations", "rate", "last_seen"))
	require.Equal(t, []any{"JNU", "1", "rasp", 2.0, 12.0}, fleet.row(1, "site", "index", "type", "lost", "rate"))
	require.Equal(t, []any{"KIST-2", "1", "uno", 1.0, 2.0}, fleet.row(3, "site", "index", "type", "lost", "parked"))
	require.Equal(t, []any{"KNU", "1", "rasp", 0.0, millis(last.Add(-40 * time.Minute))}, fleet.row(4, "site", "index", "type", "lost", "last_seen"))
	require.Len(t, fleet.rows, 5)

	site := s.table(t, "station-site", "Stations", values{"site": {chosen: []string{"JNU"}}, "type": {chosen: []string{"rasp"}}})
	require.Len(t, site.rows, 3)
	require.Equal(t, []any{"1", "RaspberryPi", 6.0, millis(last)}, site.row(0, "index", "id", "rate", "last_reading"))
	require.Equal(t, []any{"2", "roof", millis(end.Add(-30 * time.Minute))}, site.row(2, "index", "id", "last_reading"), "status 2 is not a reading")
	torn := site.row(1, "good", "sensing_error", "communication_error")
	require.InDelta(t, 1.0/3, torn[1], 0.02, "two of six hours")
	require.InDelta(t, 1, torn[0].(float64)+torn[1].(float64)+torn[2].(float64), 1e-9)
}

// TestTablesOfReadingsOnly tests the tables before an agent or a central Telegraf has reported its own metrics.
func TestTablesOfReadingsOnly(t *testing.T) {
	t.Parallel()
	s := started(t)
	s.write(t, stations()[0].readings(0))
	require.Equal(t, []any{"JNU", "1", "rasp", 6.0}, s.table(t, "station-fleet", "Sites", values{}).row(0, "site", "index", "type", "rate"))
	site := s.table(t, "station-site", "Stations", values{"site": {chosen: []string{"JNU"}}, "type": {chosen: []string{"rasp"}}})
	require.Equal(t, []any{"RaspberryPi", 6.0}, site.row(0, "id", "rate"))
}

func (s *store) table(t *testing.T, uid, title string, set values) table {
	t.Helper()
	for _, d := range dashboards(t) {
		for _, p := range d.Panels {
			if d.UID == uid && p.Title == title {
				target := p.Targets[0]
				target.Query = set.in(t, target.Query)
				return s.run(t, target, window{begin, end, time.Minute}).tables[0]
			}
		}
	}
	require.Fail(t, "no such panel", "%s: %s", uid, title)
	return table{}
}

func (t table) row(i int, columns ...string) []any {
	var cells []any
	for _, column := range columns {
		cells = append(cells, t.rows[i][slices.Index(t.columns, column)])
	}
	return cells
}
