package main

import (
	"fmt"

	"github.com/grafana/grafana-foundation-sdk/go/alerting"
)

// topic and station name what an alert is about, from the labels of its series.
const (
	topicLabels   = `{{ $labels.site }}_{{ $labels.index }}_{{ $labels.type }}`
	stationLabels = topicLabels + `, {{ $labels.id }}`
)

// stationTags make a series of an alert for each station.
const stationTags = ` GROUP BY "site", "index", "type", "id"`

const (
	minute = 60
	hour   = 60 * minute
	day    = 24 * hour
)

// silence is how long ago each station's last reading was, in seconds: of the last week, for it has to be known that there is a
// station. A station of which nothing but status 2 came has been silent for the whole week. statuses is a function
// because InfluxDB finds the last point of a series fast only if nothing else reads the same stream: 0.5 s instead of 22 s for
// a thousand stations.
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

// recentlyLost is what each topic lost in the query's time.
const recentlyLost = lostCounter + `lost`

func alerts(sensors []sensor) []alert {
	return append([]alert{silent(), sensingErrors(), lagGrows(), outboxFills(), lost()}, failing(sensors)...)
}

func silent() alert {
	return alert{
		uid: "station-silent", title: "Station silent", severity: "critical", pending: "1m",
		summary:   stationLabels + `: no reading for {{ humanizeDuration $values.B.Value }}`,
		advice:    "On the station: systemctl status telegraf-station, and its log. Status 2 in the dashboard Station: the board is silent, the agent is not.",
		queries:   []timed{{query: flux(silence), from: 7 * day}},
		condition: above(10 * minute),
	}
}

func sensingErrors() alert {
	return alert{
		uid: "station-sensing-errors", title: "Station has sensing errors", severity: "warning", pending: "10m",
		summary: stationLabels + `: {{ humanizePercentage $values.B.Value }} of the readings have status 1`,
		advice:  "The agent's log names the value and the wire to check.",
		// The mean of zeros and ones is the share of the ones.
		queries:   []timed{{query: series("", `SELECT mean("status") FROM /^[^_]+_[^_]+$/ WHERE $timeFilter AND "status" < 2`+stationTags), from: 15 * minute}},
		condition: above(0.5),
	}
}

// failing are the alerts of the sensors one by one: not one good value in a while, though the board sends.
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
	selector, condition := s.bad()
	query := fmt.Sprintf(`SELECT %s(%q) FROM /^[^_]+_[^_]+$/ WHERE $timeFilter AND "status" < 2%s`, selector, s.Name, stationTags)
	return alert{
		uid: "station-sensor-" + s.Name, title: "Sensor failing: " + s.title, severity: "warning", pending: "5m",
		summary:   stationLabels + ": " + s.title + ` has had no good value for 15 minutes`,
		advice:    "Check the sensor's wires.",
		queries:   []timed{{query: series("", query), from: 15 * minute}},
		condition: condition,
	}
}

// lagGrows compares the least lag of now with the greatest of ten minutes ago: a lag that goes up and down stays quiet.
func lagGrows() alert {
	const tags = ` FROM "kafka_sites_topic" WHERE $timeFilter GROUP BY "site", "index", "type", "group"`
	return alert{
		uid: "station-lag-growing", title: "Lag growing", severity: "critical", pending: "5m",
		summary: topicLabels + `: the central Telegraf has fallen {{ humanize $values.E.Value }} records further behind within ten minutes`,
		advice:  "Look whether InfluxDB takes what the central Telegraf writes, and start another central Telegraf if there are more topics than it can read.",
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
		summary:   stationLabels + `: {{ humanizePercentage $values.B.Value }} of the outbox are in use`,
		advice:    "The station gets less through to Kafka than it reads. Its log says why; on_full says what happens when the outbox is full.",
		queries:   []timed{{query: series("", `SELECT last("outbox_bytes") / last("outbox_limit") FROM "kafka_sites_agent" WHERE $timeFilter AND "outbox_limit" > 0`+stationTags), from: 15 * minute}},
		condition: above(0.8),
	}
}

func lost() alert {
	return alert{
		uid: "station-lost", title: "Records lost", severity: "critical", pending: "0s",
		summary:   topicLabels + `: {{ humanize $values.B.Value }} records are missing in the last hour`,
		advice:    "stationctl audit says which.",
		queries:   []timed{{query: flux(recentlyLost), from: hour}},
		condition: above(0),
	}
}

// alert is a rule: a query for each letter, reduced to its last value, maybe the difference of two, and a condition.
type alert struct {
	uid, title, severity string
	pending              string // how long it must be so
	summary, advice      string
	queries              []timed
	difference           bool // of the first two queries
	condition            condition
}

// timed is a query over a time that ends some seconds before now.
type timed struct {
	query    influxQuery
	from, to alerting.Duration
}
