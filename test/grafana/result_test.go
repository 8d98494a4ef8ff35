//go:build real

package grafana

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/influxdata/influxdb-client-go/v2/api/query"
	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/test/bed/influxdb"
)

// Data sources of conf/grafana/provisioning/datasources.
const (
	influxQLSource = "station"
	fluxSource     = "station-flux"
)

// result is the result of a query in Grafana: lines over time, or tables.
type result struct {
	lines  []line
	tables []table
}

type line struct {
	name   string
	labels map[string]string
	points []point
}

type point struct {
	at    time.Time
	value float64
}

type table struct {
	labels  map[string]string // for Flux; a panel shows one table
	columns []string
	rows    [][]any
}

// window is the time range of a query, and the time between two points.
type window struct {
	from, to time.Time
	interval time.Duration
}

// run runs a query without variables.
func (s *store) run(t *testing.T, target target, w window) result {
	t.Helper()
	require.Equal(t, "influxdb", target.Datasource.Type)
	switch target.Datasource.UID {
	case influxQLSource:
		return s.runInfluxQL(t, target, w)
	case fluxSource:
		return s.runFlux(t, target, w)
	}
	require.Fail(t, "no such data source", target.Datasource.UID)
	return result{}
}

// text returns the interval as Grafana writes it.
func (w window) text() string {
	if w.interval%time.Minute == 0 {
		return fmt.Sprintf("%dm", w.interval/time.Minute)
	}
	return fmt.Sprintf("%ds", w.interval/time.Second)
}

// unfilled matches a macro that was not replaced; "$/" is the end of a regular expression.
var unfilled = regexp.MustCompile(`\$[\w{]|\bv\.\w`)

func (s *store) runInfluxQL(t *testing.T, target target, w window) result {
	t.Helper()
	text := strings.NewReplacer(
		"$timeFilter", fmt.Sprintf("time >= %dms and time <= %dms", w.from.UnixMilli(), w.to.UnixMilli()),
		"$__interval_ms", fmt.Sprint(w.interval.Milliseconds()),
		"$__interval", w.text(),
	).Replace(target.Query)
	require.NotRegexp(t, unfilled, text)
	series, err := s.Query(t.Context(), text)
	require.NoError(t, err)
	if target.ResultFormat == "table" {
		return result{tables: rows(t, series)}
	}
	require.Equal(t, "time_series", target.ResultFormat)
	return result{lines: drawn(t, target.Alias, series)}
}

// rows returns one table, with the tags as columns.
func rows(t *testing.T, series []influxdb.Series) []table {
	t.Helper()
	var made table
	for _, one := range series {
		tags := names(one.Tags)
		made.columns = slices.Concat(one.Columns[:1], tags, one.Columns[1:])
		for _, values := range one.Values {
			row := []any{instant(t, values[0])}
			for _, tag := range tags {
				row = append(row, one.Tags[tag])
			}
			for _, value := range values[1:] {
				row = append(row, plain(t, value))
			}
			made.rows = append(made.rows, row)
		}
	}
	return []table{made}
}

// drawn returns a line for each column.
func drawn(t *testing.T, alias string, series []influxdb.Series) []line {
	t.Helper()
	var lines []line
	for _, one := range series {
		for column := 1; column < len(one.Columns); column++ {
			made := line{name: expand(alias, one, column), labels: one.Tags}
			for _, values := range one.Values {
				if number, ok := plain(t, values[column]).(float64); ok {
					made.points = append(made.points, point{instant(t, values[0]), number})
				}
			}
			lines = append(lines, made)
		}
	}
	return lines
}

// expand replaces [[tag_...]] and [[col]] in an alias.
func expand(alias string, one influxdb.Series, column int) string {
	alias = strings.ReplaceAll(alias, "[[col]]", one.Columns[column])
	for tag, value := range one.Tags {
		alias = strings.ReplaceAll(alias, "[[tag_"+tag+"]]", value)
	}
	return alias
}

func names(tags map[string]string) []string {
	var sorted []string
	for name := range tags {
		sorted = append(sorted, name)
	}
	slices.Sort(sorted)
	return sorted
}

func instant(t *testing.T, value any) time.Time {
	t.Helper()
	nanos, err := value.(json.Number).Int64()
	require.NoError(t, err)
	return time.Unix(0, nanos).UTC()
}

func plain(t *testing.T, value any) any {
	t.Helper()
	number, ok := value.(json.Number)
	if !ok {
		return value
	}
	float, err := number.Float64()
	require.NoError(t, err)
	return float
}

func (s *store) runFlux(t *testing.T, target target, w window) result {
	t.Helper()
	text := strings.NewReplacer(
		"v.timeRangeStart", w.from.Format(time.RFC3339Nano), "v.timeRangeStop", w.to.Format(time.RFC3339Nano),
		"v.windowPeriod", w.interval.String(), "v.defaultBucket", `"`+s.Bucket()+`"`,
	).Replace(target.Query)
	require.NotRegexp(t, unfilled, text)
	tables, err := s.client.QueryAPI(s.Organization()).Query(t.Context(), text)
	require.NoError(t, err)
	var got result
	for tables.Next() {
		got.add(tables.TableMetadata(), tables.Record())
	}
	require.NoError(t, tables.Err())
	return got
}

// add works like Grafana: the group key of a table becomes labels, and other labels start another table. A table with only a time and a value
// in addition is a line.
func (a *result) add(metadata *query.FluxTableMetadata, record *query.FluxRecord) {
	labels, columns := map[string]string{}, []string{}
	for _, column := range metadata.Columns() {
		switch name := column.Name(); {
		case name == "result" || name == "table":
		case column.IsGroup():
			labels[name] = fmt.Sprint(record.ValueByKey(name))
		default:
			columns = append(columns, name)
		}
	}
	slices.Sort(columns)
	if slices.Equal(columns, []string{"_time", "_value"}) {
		a.addPoint(labels, record)
		return
	}
	a.addRow(labels, columns, record)
}

func (a *result) addPoint(labels map[string]string, record *query.FluxRecord) {
	if len(a.lines) == 0 || !maps.Equal(a.lines[len(a.lines)-1].labels, labels) {
		a.lines = append(a.lines, line{labels: labels})
	}
	last := &a.lines[len(a.lines)-1]
	if value := float(record.Value()); value != nil {
		last.points = append(last.points, point{record.Time().UTC(), *value})
	}
}

func (a *result) addRow(labels map[string]string, columns []string, record *query.FluxRecord) {
	if len(a.tables) == 0 || !maps.Equal(a.tables[len(a.tables)-1].labels, labels) {
		a.tables = append(a.tables, table{labels: labels, columns: columns})
	}
	last := &a.tables[len(a.tables)-1]
	var row []any
	for _, column := range columns {
		cell := record.ValueByKey(column)
		if number := float(cell); number != nil {
			cell = *number
		}
		row = append(row, cell)
	}
	last.rows = append(last.rows, row)
}

func float(value any) *float64 {
	var number float64
	switch value := value.(type) {
	case int64:
		number = float64(value)
	case float64:
		number = value
	default:
		return nil
	}
	return &number
}
