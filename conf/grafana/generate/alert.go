package main

import (
	"fmt"

	"github.com/grafana/grafana-foundation-sdk/go/alerting"
)

// Templates that name the topic or the station of an alert, from the labels of its series.
const (
	topicLabels   = `{{ $labels.site }}_{{ $labels.index }}_{{ $labels.type }}`
	stationLabels = topicLabels + `, {{ $labels.id }}`
)

// stationTags group the series of an alert by station.
const stationTags = ` GROUP BY "site", "index", "type", "id"`

const (
	minute = 60
	hour   = 60 * minute
	day    = 24 * hour
)

// silence returns the seconds since the last reading of each station that was seen in the last week. A station with only status 2 has been
// silent for the whole week. statuses is a function because InfluxDB finds the last point of a series fast only if nothing else reads the same
// stream: 0.5 s instead of 22 s for a thousand stations.
const silence = `statuses = () => from(bucket: v.defaultBucket)
  |> range(start: v.timeRangeStart, stop: v.timeRangeStop)
  |> filter(fn: (r) => r._measurement =~ /^[^_]+_[^_]+$/ and r._field == "status")
since = (from, r) => ({site: r.site, index: r.index, type: r.type, id: r.id, _time: v.timeRangeStop,
  _value: float(v: int(v: v.timeRangeStop) - int(v: from)) / 1000000000.0})
read = statuses()
  |> filter(fn: (r) => r._value < 2)
  |> last()
  |> group()
  |> map(fn: (r) => since(from: r._time, r: r))
known = statuses()
  |> last()
  |> group()
  |> map(fn: (r) => since(from: v.timeRangeStart, r: r))
union(tables: [read, known])
  |> group(columns: ["site", "index", "type", "id"])
  |> min()`

// recentlyLost returns the records that each topic lost in the time of the query.
const recentlyLost = lostCounter + `lost`

func alerts(sensors []sensor) []alert {
	return append([]alert{silent(), sensingErrors(), lagGrows(), outboxFills(), lost()}, failing(sensors)...)
}

func silent() alert {
	return alert{
		uid: "station-silent", title: "Station silent", severity: "critical", pending: "1m",
		summary:   stationLabels + `: no reading for {{ humanizeDuration $values.B.Value }}`,
		advice:    "On the station, run: sudo stationctl doctor. If the dashboard Station shows status 2, the agent works and the board is silent.",
		queries:   []timed{{query: flux(silence), from: 7 * day}},
		condition: above(10 * minute),
	}
}

func sensingErrors() alert {
	return alert{
		uid: "station-sensing-errors", title: "Station has sensing errors", severity: "warning", pending: "10m",
		summary: stationLabels + `: {{ humanizePercentage $values.B.Value }} of the readings have status 1`,
		advice:  "The log of the agent names the value and the wire to check.",
		// the mean of zeros and ones is the share of the ones
		queries:   []timed{{query: series("", `SELECT mean("status") FROM /^[^_]+_[^_]+$/ WHERE $timeFilter AND "status" < 2`+stationTags), from: 15 * minute}},
		condition: above(0.5),
	}
}

// failing returns an alert for each sensor: no valid value for a while, although the board sends readings.
func failing(sensors []sensor) []alert {
	var all []alert
	for _, s := range sensors {
		if s.ErrorValue != nil {
			all = append(all, failingSensor(s))
		}
	}
	return all
}

func failingSensor(s sensor) alert {
	selector, condition := s.failed()
	query := fmt.Sprintf(`SELECT %s(%q) FROM /^[^_]+_[^_]+$/ WHERE $timeFilter AND "status" < 2%s`, selector, s.Name, stationTags)
	return alert{
		uid: "station-sensor-" + s.Name, title: "Sensor failing: " + s.title, severity: "warning", pending: "5m",
		summary:   stationLabels + ": " + s.title + ` has had no valid value for 15 minutes`,
		advice:    "Check the wires of the sensor.",
		queries:   []timed{{query: series("", query), from: 15 * minute}},
		condition: condition,
	}
}

// lagGrows compares the lowest lag now with the highest one ten minutes ago, so that a lag that goes up and down does not fire.
func lagGrows() alert {
	const tags = ` FROM "kafka_sites_topic" WHERE $timeFilter GROUP BY "site", "index", "type", "group"`
	return alert{
		uid: "station-lag-growing", title: "Lag growing", severity: "critical", pending: "5m",
		summary: topicLabels + `: the lag of the central Telegraf has grown by {{ humanize $values.E.Value }} records within ten minutes`,
		advice:  "Check that InfluxDB accepts the points of the central Telegraf. If it does, start another central Telegraf to share the topics.",
		queries: []timed{
			{query: series("", `SELECT min("lag")`+tags), from: 5 * minute},
			{query: series("", `SELECT max("lag")`+tags), from: 15 * minute, to: 10 * minute},
		},
		difference: true,
		condition:  above(10),
	}
}

func outboxFills() alert {
	return alert{
		uid: "station-outbox-filling", title: "Outbox filling", severity: "warning", pending: "5m",
		summary:   stationLabels + `: {{ humanizePercentage $values.B.Value }} of the outbox is in use`,
		advice:    "The station delivers fewer records to Kafka than it reads. Its log shows the reason. The option on_full sets what happens when the outbox is full.",
		queries:   []timed{{query: series("", `SELECT last("outbox_bytes") / last("outbox_limit") FROM "kafka_sites_agent" WHERE $timeFilter AND "outbox_limit" > 0`+stationTags), from: 15 * minute}},
		condition: above(0.8),
	}
}

func lost() alert {
	return alert{
		uid: "station-lost", title: "Records lost", severity: "critical", pending: "0s",
		summary:   topicLabels + `: {{ humanize $values.B.Value }} records are missing in the last hour`,
		advice:    "To list them, run: stationctl audit.",
		queries:   []timed{{query: flux(recentlyLost), from: hour}},
		condition: above(0),
	}
}

// alert is a rule: queries, each reduced to its last value, optionally their difference, and a condition.
type alert struct {
	uid, title, severity string
	pending              string // how long the condition must hold
	summary, advice      string
	queries              []timed
	difference           bool // of the first two queries
	condition            condition
}

// timed is a query over a time range, in seconds before now.
type timed struct {
	query    influxQuery
	from, to alerting.Duration
}
