package main

import "github.com/grafana/grafana-foundation-sdk/go/dashboard"

// Queries for all sites. A measurement whose name has one "_" contains readings.
const (
	allReadings = `FROM /^[^_]+_[^_]+$/ WHERE $timeFilter GROUP BY time($__interval), "site", "index", "type" fill(none)`
	allTopics   = `FROM "kafka_sites_topic" WHERE $timeFilter GROUP BY time($__interval), "site", "index", "type" fill(none)`
	topicName   = "[[tag_site]]_[[tag_index]]_[[tag_type]]"
)

// lostCounter returns the records that each topic lost in the time of the query. The counter restarts at zero when a central Telegraf is
// assigned the topic. If that is within this time, the first value was lost, too. (5 minutes: an older series has a point by then.)
const lostCounter = `counter = () => from(bucket: v.defaultBucket)
  |> range(start: v.timeRangeStart, stop: v.timeRangeStop)
  |> filter(fn: (r) => r._measurement == "kafka_sites_topic" and r._field == "lost")
  |> keep(columns: ["_time", "_value", "site", "index", "type", "group"])
before = counter()
  |> first()
  |> group()
  |> map(fn: (r) => ({r with _time: v.timeRangeStart,
    _value: if int(v: r._time) - int(v: v.timeRangeStart) > 300000000000 then 0 else r._value}))
  |> group(columns: ["site", "index", "type", "group"])
lost = union(tables: [before, counter()])
  |> sort(columns: ["_time"])
  |> increase()
  |> last()
`

// fleetSites returns a row for each site from three kinds of measurements. Counters restart with a central Telegraf or a station; increase()
// sums their increments. For rejected lines, it uses only the first and the last value, which InfluxDB finds without reading the rest. The
// streams are functions, as in silence.
const fleetSites = lostCounter + `minutes = float(v: int(v: v.timeRangeStop) - int(v: v.timeRangeStart)) / 60000000000.0
all = () => from(bucket: v.defaultBucket)
  |> range(start: v.timeRangeStart, stop: v.timeRangeStop)
status = () => all() |> filter(fn: (r) => r._measurement =~ /^[^_]+_[^_]+$/ and r._field == "status")
topic = () => all() |> filter(fn: (r) => r._measurement == "kafka_sites_topic")
agent = () => all() |> filter(fn: (r) => r._measurement == "kafka_sites_agent")
bySite = (tables=<-) => tables |> group(columns: ["site", "index", "type"])
part = (tables=<-, name, each=1.0) => tables
  |> group()
  |> map(fn: (r) => ({site: r.site, index: r.index, type: r.type, part: name, _value: float(v: r._value) / each}))
seen = status()
  |> last()
  |> group()
  |> map(fn: (r) => ({r with _value: int(v: r._time) / 1000000}))
  |> bySite()
  |> max()
  |> part(name: "last_seen")
rate = status() |> count() |> bySite() |> sum() |> part(name: "rate", each: minutes)
newest = (field) => topic() |> filter(fn: (r) => r._field == field) |> last() |> bySite() |> max() |> part(name: field)
missing = lost |> bySite() |> sum() |> part(name: "lost")
parked = agent() |> filter(fn: (r) => r._field == "parked") |> last() |> bySite() |> sum() |> part(name: "parked")
refused = () => agent() |> filter(fn: (r) => r._field =~ /^rejected/)
rejected = union(tables: [refused() |> first(), refused() |> last()])
  |> sort(columns: ["_time"])
  |> increase()
  |> last()
  |> bySite()
  |> sum()
  |> part(name: "rejected")
union(tables: [seen, rate, newest(field: "stations"), newest(field: "lag"), missing, parked, rejected])
  |> group()
  |> pivot(rowKey: ["site", "index", "type"], columnKey: ["part"], valueColumn: "_value")
  |> sort(columns: ["site", "index", "type"])`

// rejectedByCause sums the rejected lines of the fleet by the name of the counter without "rejected_". The counter "rejected" is about
// records that can never be written.
const rejectedByCause = `import "strings"
from(bucket: v.defaultBucket)
  |> range(start: v.timeRangeStart, stop: v.timeRangeStop)
  |> filter(fn: (r) => r._measurement == "kafka_sites_agent" and r._field =~ /^rejected/)
  |> aggregateWindow(every: v.windowPeriod, fn: last, createEmpty: false, timeSrc: "_start")
  |> difference(nonNegative: true)
  |> group(columns: ["_field", "_time"])
  |> sum()
  |> group()
  |> map(fn: (r) => ({_time: r._time, _value: r._value,
    cause: if r._field == "rejected" then "never writable" else strings.trimPrefix(v: r._field, prefix: "rejected_")}))
  |> group(columns: ["cause"])
  |> sort(columns: ["_time"])`

func fleetDashboard() *dashboard.DashboardBuilder {
	return newDashboard("Fleet", fleetUID, "All sites at a glance.").
		WithPanel(list("Sites", flux(fleetSites),
			column{name: "site", title: "Site", link: "/d/" + siteUID + "?var-site=${__data.fields.site}&var-type=${__data.fields.type}"},
			column{name: "index", title: "Index"},
			column{name: "type", title: "Type"},
			column{name: "last_seen", title: "Last record", unit: "dateTimeFromNow"},
			column{name: "rate", title: "Records/min", unit: "cpm"},
			column{name: "stations", title: "Stations", unit: "short"},
			column{name: "lag", title: "Lag", unit: "short", warn: 1000},
			column{name: "lost", title: "Lost", unit: "short", warn: 1},
			column{name: "parked", title: "Parked", unit: "short", warn: 1},
			column{name: "rejected", title: "Rejected", unit: "short"})).
		WithPanel(lines("Records per minute", "cpm", series(topicName, perMinute+allReadings)).Interval("1m")).
		WithPanel(lines("Age of the newest record", "s", series(topicName, `SELECT max("newest_age") `+allTopics)).Interval("1m")).
		WithPanel(lines("Lag of the central Telegraf", "short", series(topicName, `SELECT max("lag") `+allTopics)).Interval("1m")).
		WithPanel(lines("Lost", "short", series(topicName, `SELECT max("lost") `+allTopics)).Interval("1m").
			Description("Missing record numbers since the central Telegraf was assigned the topic")).
		WithPanel(lines("Parked", "short", series(topicName+" [[tag_id]]",
			`SELECT last("parked") FROM "kafka_sites_agent" WHERE $timeFilter GROUP BY time($__interval), "site", "index", "type", "id" fill(none)`)).
			Interval("2m").Description("Records that cannot be delivered as they are; show them with stationctl outbox list")).
		WithPanel(bars("Rejected by cause", "short", flux(rejectedByCause)).Interval("2m").DisplayName("${__field.labels.cause}").
			Description("Rejected lines of all stations; \"never writable\" counts records"))
}
