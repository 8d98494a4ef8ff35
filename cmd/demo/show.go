package main

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/telegraf-station/telegraf-station/internal/stationctl/texttable"
	"github.com/telegraf-station/telegraf-station/test/bed/influxdb"
	"github.com/telegraf-station/telegraf-station/test/bed/kafka"
)

// interval is the time between two readings of an Arduino.
const interval = time.Second

// show runs the Arduinos until ctx or the duration ends, shows each hop live, and finally the result of a query.
func show(ctx context.Context, p *parts, duration time.Duration, screen *screen) error {
	screen.printf("")
	screen.printf("%-7s %-12s %s", "hop", "site", "what")
	hops, stopHops := context.WithCancel(ctx)
	defer stopHops()
	var running sync.WaitGroup
	running.Go(func() { showRecords(hops, p, screen) })
	latencies := make([]*latency, len(p.sites))
	for i, site := range p.sites {
		latencies[i] = &latency{}
		running.Go(func() { showPoints(hops, p.store, site, latencies[i], screen) })
	}
	err := runArduinos(ctx, p, latencies, duration, screen)
	waitForPoints(ctx, latencies)
	stopHops()
	running.Wait()
	if err != nil {
		return err
	}
	summarize(p, latencies, screen)
	return nil
}

// runArduinos runs the Arduinos until ctx or the duration ends.
func runArduinos(ctx context.Context, p *parts, latencies []*latency, duration time.Duration, screen *screen) error {
	if duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, duration)
		defer cancel()
	}
	if p.sketch != nil {
		return runBoards(ctx, p, latencies, screen)
	}
	return printLines(ctx, p.sites, latencies, screen)
}

// printLines prints one line per interval on each Arduino.
func printLines(ctx context.Context, sites []*site, latencies []*latency, screen *screen) error {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		for number, site := range sites {
			text := line(number, i)
			screen.printf("%-7s %-12s %s", "line", site.Topic(), strings.TrimSpace(text))
			latencies[number].printed()
			if err := site.board.Print(text); err != nil {
				return fmt.Errorf("cannot print a line of the Arduino of %s: %w", site.Site, err)
			}
		}
	}
}

// showRecords prints each record when an independent client reads it from Kafka.
func showRecords(ctx context.Context, p *parts, screen *screen) {
	var topics []string
	for _, site := range p.sites {
		topics = append(topics, regexp.QuoteMeta(site.Topic()))
	}
	err := kafka.Follow(ctx, p.kafka.Addresses(), "^("+strings.Join(topics, "|")+")$", func(record kafka.Record) {
		screen.printf("%-7s %-12s offset %d, seq %s: %s", "record", record.Topic, record.Offset, record.Headers["station-seq"], record.Value)
	})
	if err != nil && ctx.Err() == nil {
		screen.printf("cannot read the records: %v", err)
	}
}

// pollInterval is how often the store is queried. It limits the accuracy of the latency.
const pollInterval = 20 * time.Millisecond

// showPoints prints each point when a query finds it.
func showPoints(ctx context.Context, store *influxdb.Server, site *site, latency *latency, screen *screen) {
	newest := json.Number("0")
	for ctx.Err() == nil {
		series, err := store.Query(ctx, fmt.Sprintf("SELECT * FROM %s WHERE time > %s", site.Measurement(), newest))
		if err == nil && len(series) > 0 {
			for _, row := range series[0].Values {
				newest, _ = row[0].(json.Number)
				screen.printf("%-7s %-12s %s, queryable %d ms after its newline", "point", site.Measurement(), point(series[0].Columns, row), latency.arrived().Milliseconds())
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(pollInterval):
		}
	}
}

// point returns the most interesting columns of a row.
func point(columns []string, row []any) string {
	var parts []string
	for _, name := range []string{"status", "temp", "light", "co_gas", "alcohol_gas", "dust"} {
		if i := slices.Index(columns, name); i >= 0 && row[i] != nil {
			parts = append(parts, fmt.Sprintf("%s=%v", name, row[i]))
		}
	}
	return strings.Join(parts, " ")
}

// arrivalTime limits the wait for the last readings.
const arrivalTime = 10 * time.Second

func waitForPoints(ctx context.Context, latencies []*latency) {
	for end := time.Now().Add(arrivalTime); time.Now().Before(end) && ctx.Err() == nil; time.Sleep(pollInterval) {
		if !slices.ContainsFunc(latencies, func(l *latency) bool { return l.missing() > 0 }) {
			return
		}
	}
}

// summarize prints the number and latency of the readings of each site, and the result of a query.
func summarize(p *parts, latencies []*latency, screen *screen) {
	screen.printf("")
	screen.printf("%-12s %8s %8s   %s", "site", "lines", "points", "newline to queryable: min, median, max")
	for i, site := range p.sites {
		screen.printf("%-12s %s", site.Topic(), latencies[i].summary())
	}
	site := p.sites[0]
	influxQL := fmt.Sprintf("SELECT * FROM %s ORDER BY time DESC LIMIT 5", site.Measurement())
	screen.printf("")
	screen.printf("> %s", influxQL)
	ctx, cancel := context.WithTimeout(context.Background(), arrivalTime) // also after Ctrl-C
	defer cancel()
	series, err := p.store.Query(ctx, influxQL)
	if err != nil {
		screen.printf("%v", err)
		return
	}
	for _, one := range series {
		printTable(one, screen)
	}
}

func printTable(series influxdb.Series, screen *screen) {
	rows := [][]string{series.Columns}
	for _, values := range series.Values {
		var row []string
		for i, value := range values {
			row = append(row, cell(series.Columns[i], value))
		}
		rows = append(rows, row)
	}
	var table strings.Builder
	_ = texttable.Write(&table, rows) // a strings.Builder returns no errors
	for line := range strings.Lines(table.String()) {
		screen.printf("%s", strings.TrimSpace(line))
	}
}

func cell(column string, value any) string {
	if value == nil {
		return ""
	}
	if number, ok := value.(json.Number); ok && column == "time" {
		if nanoseconds, err := number.Int64(); err == nil {
			return time.Unix(0, nanoseconds).UTC().Format("15:04:05.000")
		}
	}
	return fmt.Sprint(value)
}
