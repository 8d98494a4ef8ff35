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

// The data sources of conf/grafana/provisioning/datasources.
const (
	influxQLSource = "station"
	fluxSource     = "station-flux"
)

// answer is what Grafana makes of a query's: lines over time or tables.
type answer struct {
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
	labels  map[string]string // of Flux; a panel shows one table
	columns []string
	rows    [][]any
}

// window is the time that is asked for, and the width of a point.
type window struct {
	from, to time.Time
	interval time.Duration
}

// ask sends a query whose variables are filled in already.
func (s *store) ask(t *testing.T, target target, w window) answer {
	t.Helper()
	require.Equal(t, "influxdb", target.Datasource.Type)
	switch target.Datasource.UID {
	case influxQLSource:
		return s.askInfluxQL(t, target, w)
	case fluxSource:
		return s.askFlux(t, target, w)
	}
	require.Fail(t, "no such data source", target.Datasource.UID)
	return answer{}
}

// text is a duration as Grafana writes it.
func (w window) text() string {
	if w.interval%time.Minute == 0 {
		return fmt.Sprintf("%dm", w.interval/time.Minute)
	}
	return fmt.Sprintf("%ds", w.interval/time.Second)
}

// unfilled finds a macro that was not replaced; "$/" is the end of a regular expression.
var unfilled = regexp.MustCompile(`\$[\w{]|\bv\.\w`)

func (s *store) askInfluxQL(t *testing.T, target target, w window) answer {
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
		return answer{tables: rows(t, series)}
	}
	require.Equal(t, "time_series", target.ResultFormat)
	return answer{lines: drawn(t, target.Alias, series)}
}

// rows makes one table, with the tags as columns.
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

// drawn makes a line of each column.
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

// expand fills in an alias's [[tag_...]] and [[col]].
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

func (s *store) askFlux(t *testing.T, target target, w window) answer {
	t.Helper()
	text := strings.NewReplacer(
		"v.timeRangeStart", w.from.Format(time.RFC3339Nano), "v.timeRangeStop", w.to.Format(time.RFC3339Nano),
		"v.windowPeriod", w.interval.String(), "v.defaultBucket", `"`+s.Bucket()+`"`,
	).Replace(target.Query)
	require.NotRegexp(t, unfilled, text)
	result, err := s.client.QueryAPI(s.Organization()).Query(t.Context(), text)
	require.NoError(t, err)
	var got answer
	for result.Next() {
		got.add(result.TableMetadata(), result.Record())
	}
	require.NoError(t, result.Err())
	return got
}

// add follows Grafana: what a table is grouped by are labels, and other labels begin another table. Only a time and a value
// beside them: a line.
func (a *answer) add(metadata *query.FluxTableMetadata, record *query.FluxRecord) {
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

func (a *answer) addPoint(labels map[string]string, record *query.FluxRecord) {
	if len(a.lines) == 0 || !maps.Equal(a.lines[len(a.lines)-1].labels, labels) {
		a.lines = append(a.lines, line{labels: labels})
	}
	last := &a.lines[len(a.lines)-1]
	if value := float(record.Value()); value != nil {
		last.points = append(last.points, point{record.Time().UTC(), *value})
	}
}

func (a *answer) addRow(labels map[string]string, columns []string, record *query.FluxRecord) {
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
