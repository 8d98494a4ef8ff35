package main

import (
	"fmt"
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// What an agent told with its records (kafka_sites_agent), about once a minute.
const (
	ofAgent = `FROM "kafka_sites_agent" WHERE $timeFilter AND "site" =~ /^${site:regex}$/ AND "type" =~ /^${type:regex}$/` +
		` AND "index" =~ /^${index:regex}$/ AND "id" =~ /^${id:regex}$/` +
		` GROUP BY time($__interval), "site", "index", "type", "id" fill(none)`
	agentName  = topicName + " [[tag_id]]"
	agentField = agentName + " [[col]]"
)

const agentRejected = `import "strings"
from(bucket: v.defaultBucket)
  |> range(start: v.timeRangeStart, stop: v.timeRangeStop)
  |> filter(fn: (r) => r._measurement == "kafka_sites_agent" and r._field =~ /^rejected_/)
  |> filter(fn: (r) => r.site =~ /^${site:regex}$/ and r.type =~ /^${type:regex}$/ and r.index =~ /^${index:regex}$/ and r.id =~ /^${id:regex}$/)
  |> aggregateWindow(every: v.windowPeriod, fn: last, createEmpty: false)
  |> derivative(unit: 1m, nonNegative: true)
  |> map(fn: (r) => ({r with cause: strings.trimPrefix(v: r._field, prefix: "rejected_")}))
  |> group(columns: ["site", "index", "type", "id", "cause"])
  |> keep(columns: ["_time", "_value", "site", "index", "type", "id", "cause"])`

func agentDashboard() *dashboard.DashboardBuilder {
	return agentVariables(newDashboard("Agent health", agentUID, "How the stations' agents are: what they hold back, drop, reject, and need.")).
		WithPanel(latest("Uptime", "s", "Since the agent's output started", gauge("uptime"))).
		WithPanel(latest("Memory", "bytes", "What the Go runtime has from the system", gauge("memory"))).
		WithPanel(latest("Outbox", "percentunit", "Share of outbox_max_size that is in use",
			series(agentName, `SELECT last("outbox_bytes") / last("outbox_limit") AS "share" `+ofAgent))).
		WithPanel(latest("Parked", "short", "Records that can never be delivered as they are: stationctl outbox list", gauge("parked"))).
		WithPanel(lines("Records in the outbox", "short", gauge("outbox_records")).Interval("2m")).
		WithPanel(lines("Bytes of the outbox, and its limit", "bytes", series(agentField,
			`SELECT last("outbox_bytes") AS "in use", last("outbox_limit") AS "limit" `+ofAgent)).Interval("2m")).
		WithPanel(lines("Parked", "short", gauge("parked")).Interval("2m")).
		WithPanel(lines("Records per minute", "cpm", changes("written", "sent_again", "dropped", "damaged", "rejected")).Interval("2m")).
		WithPanel(lines("Lines per minute", "cpm", changes("lines", "readings")).Interval("2m")).
		WithPanel(lines("Rejected lines per minute, by cause", "cpm", flux(agentRejected)).Interval("2m").
			DisplayName("${__field.labels.site}_${__field.labels.index}_${__field.labels.type} ${__field.labels.id} ${__field.labels.cause}")).
		WithPanel(lines("Trouble with the board, per minute", "cpm",
			changes("sensing_errors", "silences", "lines_lost", "board_resets", "port_opens")).Interval("2m")).
		WithPanel(lines("Memory", "bytes", gauge("memory")).Interval("2m")).
		WithPanel(lines("Uptime", "s", gauge("uptime")).Interval("2m").Description("A step down is a restart of the agent"))
}

func agentVariables(builder *dashboard.DashboardBuilder) *dashboard.DashboardBuilder {
	const values = `SHOW TAG VALUES FROM "kafka_sites_agent" WITH KEY = `
	const where = ` WHERE "site" =~ /^${site:regex}$/`
	return builder.
		WithVariable(choices("site", "Site", values+`"site"`)).
		WithVariable(choices("type", "Type", values+`"type"`+where)).
		WithVariable(choices("index", "Index", values+`"index"`+where)).
		WithVariable(choices("id", "Station", values+`"id"`+where+` AND "index" =~ /^${index:regex}$/`))
}

func gauge(field string) influxQuery {
	return series(agentName, fmt.Sprintf(`SELECT last(%q) `, field)+ofAgent)
}

// changes makes rates of counters; a counter that began again leaves a gap.
func changes(counters ...string) influxQuery {
	var columns []string
	for _, counter := range counters {
		columns = append(columns, fmt.Sprintf(`non_negative_derivative(last(%[1]q), 1m) AS %[1]q`, counter))
	}
	return series(agentField, "SELECT "+strings.Join(columns, ", ")+" "+ofAgent)
}
