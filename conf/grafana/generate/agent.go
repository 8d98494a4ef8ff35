package main

import (
	"fmt"
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// The health that an agent sends with its records (kafka_sites_agent), about once a minute.
const (
	ofAgent = `FROM "kafka_sites_agent" WHERE $timeFilter AND "site" = '${site}' AND "type" =~ /^${type:regex}$/` +
		` AND "index" =~ /^${index:regex}$/ AND "id" =~ /^${id:regex}$/` +
		` GROUP BY time($__interval), "index", "type", "id" fill(none)`
	agentField = stationName + " [[col]]"
)

// perHour is a unit that Grafana does not have.
const perHour = "suffix:/h"

const agentRejected = `import "strings"
from(bucket: v.defaultBucket)
  |> range(start: v.timeRangeStart, stop: v.timeRangeStop)
  |> filter(fn: (r) => r._measurement == "kafka_sites_agent" and r._field =~ /^rejected_/)
  |> filter(fn: (r) => r.site == "${site}" and r.type =~ /^${type:regex}$/ and r.index =~ /^${index:regex}$/ and r.id =~ /^${id:regex}$/)
  |> aggregateWindow(every: v.windowPeriod, fn: last, createEmpty: false, timeSrc: "_start")
  |> derivative(unit: 1h, nonNegative: true)
  |> map(fn: (r) => ({r with cause: strings.trimPrefix(v: r._field, prefix: "rejected_")}))
  |> group(columns: ["index", "type", "id", "cause"])
  |> keep(columns: ["_time", "_value", "index", "type", "id", "cause"])`

func agentDashboard() *dashboard.DashboardBuilder {
	return agentVariables(newDashboard("Agent health", agentUID, "Health of the agents: outbox, parked, dropped, and rejected records, board problems, and memory.")).
		WithPanel(latest("Uptime", "s", "Time since the output of the agent started", gauge("uptime"))).
		WithPanel(latest("Memory", "bytes", "Memory that the Go runtime has obtained from the system", gauge("memory"))).
		WithPanel(latest("Outbox", "percentunit", "Share of outbox_max_size that is in use",
			series(stationName, `SELECT last("outbox_bytes") / last("outbox_limit") AS "share" `+ofAgent))).
		WithPanel(latest("Parked", "short", "Records that cannot be delivered as they are; show them with stationctl outbox list", gauge("parked"))).
		WithPanel(lines("Records in the outbox", "short", gauge("outbox_records")).Interval("2m")).
		WithPanel(lines("Outbox size and limit", "bytes", series(agentField,
			`SELECT last("outbox_bytes") AS "in use", last("outbox_limit") AS "limit" `+ofAgent)).Interval("2m")).
		WithPanel(lines("Parked", "short", gauge("parked")).Interval("2m")).
		WithPanel(lines("Records per minute", "cpm", changes("1m", "written", "sent_again", "dropped", "damaged", "rejected")).Interval("2m")).
		WithPanel(lines("Lines per minute", "cpm", changes("1m", "lines", "readings")).Interval("2m")).
		WithPanel(bars("Rejected lines per hour, by cause", perHour, flux(agentRejected)).Interval("2m").
			DisplayName("${__field.labels.index} ${__field.labels.id} ${__field.labels.cause}")).
		WithPanel(bars("Board problems per hour", perHour,
			changes("1h", "sensing_errors", "silences", "lines_lost", "board_resets", "port_opens")).Interval("2m")).
		WithPanel(lines("Memory", "bytes", gauge("memory")).Interval("2m")).
		WithPanel(lines("Uptime", "s", gauge("uptime")).Interval("2m").Description("A drop shows a restart of the agent"))
}

func agentVariables(builder *dashboard.DashboardBuilder) *dashboard.DashboardBuilder {
	const values = `SHOW TAG VALUES FROM "kafka_sites_agent" WITH KEY = `
	const where = ` WHERE "site" = '${site}'`
	return builder.
		WithVariable(choice("site", "Site", values+`"site"`)).
		WithVariable(choices("type", "Type", values+`"type"`+where)).
		WithVariable(choices("index", "Index", values+`"index"`+where)).
		WithVariable(choices("id", "Station", values+`"id"`+where+` AND "index" =~ /^${index:regex}$/`))
}

func gauge(field string) influxQuery {
	return series(stationName, fmt.Sprintf(`SELECT last(%q) `, field)+ofAgent)
}

// changes returns a query for the rates of counters, per 1m or 1h. A counter that restarted leaves a gap.
func changes(unit string, counters ...string) influxQuery {
	var columns []string
	for _, counter := range counters {
		columns = append(columns, fmt.Sprintf(`non_negative_derivative(last(%[1]q), %[2]s) AS %[1]q`, counter, unit))
	}
	return series(agentField, "SELECT "+strings.Join(columns, ", ")+" "+ofAgent)
}
