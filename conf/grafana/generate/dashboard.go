package main

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// The UIDs of the dashboards are part of their addresses.
const (
	stationUID = "station"
	siteUID    = "station-site"
	fleetUID   = "station-fleet"
	agentUID   = "station-agent"
)

func dashboards(sensors []sensor) []*dashboard.DashboardBuilder {
	return []*dashboard.DashboardBuilder{stationDashboard(sensors), siteDashboard(), fleetDashboard(), agentDashboard()}
}

// newDashboard returns a dashboard with links to the other ones at the top.
func newDashboard(title, uid, description string) *dashboard.DashboardBuilder {
	return dashboard.NewDashboardBuilder(title).
		Uid(uid).Description(description).Tags([]string{"telegraf-station"}).
		Time("now-6h", "now").Refresh("30s").Timezone("browser").
		Tooltip(dashboard.DashboardCursorSyncCrosshair).
		Link(dashboard.NewDashboardLinkBuilder("Stations").Type(dashboard.DashboardLinkTypeDashboards).
			Tags([]string{"telegraf-station"}).IncludeVars(true).KeepTime(true))
}

// dashboardFile returns the path of a dashboard in conf/grafana, and its JSON.
func dashboardFile(builder *dashboard.DashboardBuilder) (name string, content []byte, err error) {
	built, err := builder.Build()
	if err != nil {
		return "", nil, err
	}
	for i, panel := range built.Panels {
		complete(panel.Panel, i)
	}
	for i := range built.Links {
		built.Links[i].Placement = nil // at the top: the default of the SDK hides it in a menu
	}
	content, err = json.MarshalIndent(built, "", "  ")
	return fmt.Sprintf("dashboards/%s.json", *built.Uid), append(readable(content), '\n'), err
}

// readable restores the operators in queries: json.Marshal escapes < as \u003c.
func readable(content []byte) []byte {
	for escaped, char := range map[string]string{`\u003c`: "<", `\u003e`: ">", `\u0026`: "&"} {
		content = bytes.ReplaceAll(content, []byte(escaped), []byte(char))
	}
	return content
}

// complete sets the ID of a panel, so that links to it stay valid, and the data source of its queries.
func complete(panel *dashboard.Panel, i int) {
	panel.Id = new(uint32(i + 1)) //nolint:gosec // a few panels
	if query, ok := panel.Targets[0].(influxQuery); ok {
		panel.Datasource = &query.Datasource
	}
}

// choice is a variable with one value.
func choice(name, label, query string) *dashboard.QueryVariableBuilder {
	return dashboard.NewQueryVariableBuilder(name).
		Label(label).
		Datasource(source(influxQLSource)).
		// The object, because the data source in Grafana 13 reads query.query.
		Query(dashboard.StringOrMap{Map: map[string]any{"query": query, "refId": "InfluxVariableQueryEditor-VariableQuery"}}).
		Definition(query).
		Refresh(dashboard.VariableRefreshOnTimeRangeChanged).
		Sort(dashboard.VariableSortAlphabeticalAsc)
}

// choices is a variable with several values, first with all.
func choices(name, label, query string) *dashboard.QueryVariableBuilder {
	all := dashboard.StringOrArrayOfString{ArrayOfString: []string{"$__all"}}
	return choice(name, label, query).
		Multi(true).IncludeAll(true).AllValue(".*").
		Current(dashboard.VariableOption{Text: dashboard.StringOrArrayOfString{ArrayOfString: []string{"All"}}, Value: all})
}

// stationVariables adds the variables for readings: site and type select the measurement; index and id select its stations.
func stationVariables(builder *dashboard.DashboardBuilder) *dashboard.DashboardBuilder {
	return measurementVariables(builder).
		WithVariable(choices("index", "Index", `SHOW TAG VALUES FROM "${site}_${type}" WITH KEY = "index"`)).
		WithVariable(choices("id", "Station", `SHOW TAG VALUES FROM "${site}_${type}" WITH KEY = "id" WHERE "index" =~ /^${index:regex}$/`))
}

func measurementVariables(builder *dashboard.DashboardBuilder) *dashboard.DashboardBuilder {
	return builder.
		WithVariable(choice("site", "Site", `SHOW TAG VALUES FROM /^[^_]+_[^_]+$/ WITH KEY = "site"`)).
		WithVariable(choice("type", "Type", `SHOW TAG VALUES FROM /^[^_]+_[^_]+$/ WITH KEY = "type" WHERE "site" = '${site}'`))
}
