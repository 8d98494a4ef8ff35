package main

import (
	"fmt"

	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// Queries for the readings of a site and the metrics of its topics.
const (
	ofSite     = `FROM "${site}_${type}" WHERE $timeFilter`
	siteTopics = `FROM "kafka_sites_topic" WHERE $timeFilter AND "site" = '${site}' AND "type" = '${type}' GROUP BY time($__interval), "index" fill(none)`
	indexName  = "[[tag_index]]"
)

// siteStations returns a row for each station. The mean of 1 for a status and 0 for the rest is the share of that status.
const siteStations = `minutes = float(v: int(v: v.timeRangeStop) - int(v: v.timeRangeStart)) / 60000000000.0
status = () => from(bucket: v.defaultBucket)
  |> range(start: v.timeRangeStart, stop: v.timeRangeStop)
  |> filter(fn: (r) => r._measurement == "${site}_${type}" and r._field == "status")
  |> group(columns: ["index", "id"])
part = (tables=<-, name) => tables
  |> map(fn: (r) => ({index: r.index, id: r.id, part: name, _value: float(v: r._value)}))
share = (value, name) => status()
  |> map(fn: (r) => ({r with _value: if r._value == value then 1.0 else 0.0}))
  |> mean()
  |> part(name: name)
seen = status()
  |> filter(fn: (r) => r._value < 2)
  |> last()
  |> map(fn: (r) => ({r with _value: int(v: r._time) / 1000000}))
  |> part(name: "last_reading")
rate = status() |> count() |> map(fn: (r) => ({r with _value: float(v: r._value) / minutes})) |> part(name: "rate")
union(tables: [seen, rate, share(value: 0, name: "good"), share(value: 1, name: "sensing_error"), share(value: 2, name: "communication_error")])
  |> group()
  |> pivot(rowKey: ["index", "id"], columnKey: ["part"], valueColumn: "_value")
  |> sort(columns: ["index", "id"])`

func siteDashboard() *dashboard.DashboardBuilder {
	return measurementVariables(newDashboard("Site", siteUID, "All stations of a site: their readings, and the lag of the central Telegraf.")).
		WithPanel(list("Stations", flux(siteStations),
			column{name: "index", title: "Index"},
			column{name: "id", title: "Station", link: "/d/" + stationUID + "?var-site=${site}&var-type=${type}&var-index=${__data.fields.index}&var-id=${__data.fields.id}"},
			column{name: "last_reading", title: "Last reading", unit: "dateTimeFromNow"},
			column{name: "rate", title: "Records/min", unit: "cpm"},
			column{name: "good", title: "Good", unit: "percentunit"},
			column{name: "sensing_error", title: "Sensing error", unit: "percentunit", warn: 0.05},
			column{name: "communication_error", title: "Communication error", unit: "percentunit", warn: 0.05})).
		WithPanel(lines("Records per minute", "cpm", series(stationName, perMinute+ofSite+perStation)).Interval("1m").Span(half)).
		WithPanel(shares("Share of each status", statusCounts()...).Interval("1m").Span(half)).
		WithPanel(lines("Lag of the central Telegraf", "short", series(indexName, `SELECT max("lag") `+siteTopics)).Interval("1m")).
		WithPanel(lines("Age of the newest record", "s", series(indexName, `SELECT max("newest_age") `+siteTopics)).Interval("1m")).
		WithPanel(lines("Lost", "short", series(indexName, `SELECT max("lost") `+siteTopics)).Interval("1m").
			Description("Missing record numbers since the central Telegraf was assigned the topic"))
}

func statusCounts() []influxQuery {
	var counts []influxQuery
	for status, name := range statusNames {
		counts = append(counts, series(name.text,
			fmt.Sprintf(`SELECT count("status") %s AND "status" = %d GROUP BY time($__interval) fill(none)`, ofSite, status)))
	}
	return counts
}
