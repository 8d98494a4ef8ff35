package main

import (
	"fmt"

	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

// Queries for the readings that stationVariables select.
const (
	ofStation   = `FROM "${site}_${type}" WHERE $timeFilter AND "index" =~ /^${index:regex}$/ AND "id" =~ /^${id:regex}$/`
	perStation  = ` GROUP BY time($__interval), "index", "id" fill(none)`
	stationName = "[[tag_index]] [[tag_id]]"
)

// perMinute is the rate of records. $__interval_ms is the time of a point.
const perMinute = `SELECT count("status") * 60000.0 / $__interval_ms AS "rate" `

func stationDashboard(sensors []sensor) *dashboard.DashboardBuilder {
	builder := stationVariables(newDashboard("Station", stationUID, "Readings of the stations of a site, without error values.")).
		WithPanel(states("Status", series(stationName, `SELECT mode("status") `+ofStation+perStation))).
		WithPanel(positions("Position", rows(
			`SELECT last("latitude") AS "latitude", "longitude", "status" `+ofStation+` GROUP BY "index", "id"`)))
	for _, s := range sensors {
		builder = builder.WithPanel(sensorPanel(s))
	}
	return builder.WithPanel(lines("Records per minute", "cpm", series(stationName, perMinute+ofStation+perStation)).Interval("1m"))
}

func sensorPanel(s sensor) *timeseries.PanelBuilder {
	condition := ""
	if valid := s.valid(); valid != "" {
		condition = " AND " + valid
	}
	query := fmt.Sprintf(`SELECT mean(%q) %s%s%s`, s.Name, ofStation, condition, perStation)
	panel := lines(s.title, s.unit, series(stationName, query))
	if s.axis != "" {
		panel = panel.AxisLabel(s.axis)
	}
	return panel
}
