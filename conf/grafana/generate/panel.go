package main

import (
	"strconv"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/geomap"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/statetimeline"
	"github.com/grafana/grafana-foundation-sdk/go/table"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

// Widths in the grid of Grafana, which has 24 columns.
const (
	third = 8
	half  = 12
	whole = 24
)

// gapMillis is the longest time between two points that a line connects: a station that is down leaves a gap.
const gapMillis = 5 * 60 * 1000

// lines returns a panel with values over time.
func lines(title, unit string, queries ...influxQuery) *timeseries.PanelBuilder {
	return timeseries.NewPanelBuilder().
		Title(title).Unit(unit).Span(third).Height(8).
		Targets(named(queries)).
		FillOpacity(10).
		InsertNulls(common.BoolOrFloat64{Float64: cog.ToPtr[float64](gapMillis)}).
		ShowPoints(common.VisibilityModeAuto).
		Legend(legend()).
		Tooltip(common.NewVizTooltipOptionsBuilder().Mode(common.TooltipDisplayModeMulti).Sort(common.SortOrderDescending))
}

func legend() *common.VizLegendOptionsBuilder {
	return common.NewVizLegendOptionsBuilder().
		DisplayMode(common.LegendDisplayModeList).Placement(common.LegendPlacementBottom).ShowLegend(true)
}

// bars returns a panel with stacked counts over time.
func bars(title, unit string, queries ...influxQuery) *timeseries.PanelBuilder {
	return lines(title, unit, queries...).
		DrawStyle(common.GraphDrawStyleBars).FillOpacity(80).LineWidth(0).
		Stacking(common.NewStackingConfigBuilder().Mode(common.StackingModeNormal).Group("A"))
}

// statusNames are the names and colors of the values of status.
var statusNames = []struct{ text, color string }{{"good", "green"}, {"sensing error", "orange"}, {"communication error", "red"}}

// shares returns a panel with parts of a whole over time. Each query is named after a status.
func shares(title string, queries ...influxQuery) *timeseries.PanelBuilder {
	panel := bars(title, "short", queries...).
		Stacking(common.NewStackingConfigBuilder().Mode(common.StackingModePercent).Group("A"))
	for _, name := range statusNames {
		panel = panel.OverrideByName(name.text, []dashboard.DynamicConfigValue{
			{Id: "color", Value: map[string]any{"mode": "fixed", "fixedColor": name.color}},
		})
	}
	return panel
}

// latest returns a panel with the last value of each series in large type.
func latest(title, unit, description string, query influxQuery) *stat.PanelBuilder {
	return stat.NewPanelBuilder().
		Title(title).Unit(unit).Description(description).Span(6).Height(5).
		Targets(named([]influxQuery{query})).
		GraphMode(common.BigValueGraphModeArea).Orientation(common.VizOrientationAuto).
		ReduceOptions(common.NewReduceDataOptionsBuilder().Calcs([]string{"lastNotNull"}))
}

// column is the appearance of a field in a table.
type column struct {
	name, title, unit string
	warn              float64 // values from here are red; 0: never
	link              string  // address of a dashboard
}

// list returns a table with the rows of one query.
func list(title string, query influxQuery, columns ...column) *table.PanelBuilder {
	panel := table.NewPanelBuilder().
		Title(title).Span(whole).Height(9).
		Targets(named([]influxQuery{query})).
		ShowHeader(true).CellHeight(common.TableCellHeightSm).
		Footer(common.NewTableFooterOptionsBuilder().Reducer([]string{}))
	for _, c := range columns {
		panel = panel.OverrideByName(c.name, c.properties())
	}
	return panel
}

func (c column) properties() []dashboard.DynamicConfigValue {
	properties := []dashboard.DynamicConfigValue{{Id: "displayName", Value: c.title}}
	if c.unit != "" {
		properties = append(properties, dashboard.DynamicConfigValue{Id: "unit", Value: c.unit})
	}
	if c.warn != 0 {
		properties = append(properties,
			dashboard.DynamicConfigValue{Id: "thresholds", Value: map[string]any{
				"mode": "absolute", "steps": []map[string]any{{"color": "text", "value": nil}, {"color": "red", "value": c.warn}},
			}},
			dashboard.DynamicConfigValue{Id: "custom.cellOptions", Value: map[string]any{"type": "color-text"}})
	}
	if c.link != "" {
		properties = append(properties, dashboard.DynamicConfigValue{Id: "links", Value: []map[string]any{{"title": "Show", "url": c.link}}})
	}
	return properties
}

// states returns a panel with the status of the records over time.
func states(title string, query influxQuery) *statetimeline.PanelBuilder {
	return statetimeline.NewPanelBuilder().
		Title(title).Unit("none").Description("Most frequent status in the time of each point. Communication error: the board is silent or disconnected.").
		Span(half).Height(9).
		Targets(named([]influxQuery{query})).
		Mappings(statusMappings()).
		ShowValue(common.VisibilityModeNever).MergeValues(true).FillOpacity(70).LineWidth(0).
		Legend(legend()).
		Tooltip(common.NewVizTooltipOptionsBuilder().Mode(common.TooltipDisplayModeSingle).Sort(common.SortOrderNone))
}

func statusMappings() []dashboard.ValueMapping {
	options := map[string]dashboard.ValueMappingResult{}
	for i, name := range statusNames {
		options[strconv.Itoa(i)] = dashboard.ValueMappingResult{Text: &name.text, Color: &name.color, Index: new(int32(i))}
	}
	return []dashboard.ValueMapping{{ValueMap: &dashboard.ValueMap{Type: dashboard.MappingTypeValueToText, Options: options}}}
}

// positions returns a map of the stations in the color of their status.
func positions(title string, query influxQuery) *geomap.PanelBuilder {
	coordinates := common.NewFrameGeometrySourceBuilder().Mode(common.FrameGeometrySourceModeCoords).Latitude("latitude").Longitude("longitude")
	markers := common.NewMapLayerOptionsBuilder().Type("markers").Name("Stations").Tooltip(true).Location(coordinates).
		Config(map[string]any{"showLegend": true, "style": map[string]any{
			"color": map[string]any{"field": "status", "fixed": "green"},
			"size":  map[string]any{"fixed": 8, "min": 2, "max": 15},
			"text":  map[string]any{"field": "id", "mode": "field"},
		}})
	return geomap.NewPanelBuilder().
		Title(title).Description("Position of each station in its last reading that has one").Unit("none").
		Span(half).Height(9).
		Targets(named([]influxQuery{query})).
		Mappings(statusMappings()).
		View(geomap.NewMapViewConfigBuilder().Id("fit").AllLayers(true).Zoom(15)).
		Basemap(common.NewMapLayerOptionsBuilder().Type("default").Name("Map")).
		Layers([]cog.Builder[common.MapLayerOptions]{markers}).
		Tooltip(geomap.NewTooltipOptionsBuilder().Mode(geomap.TooltipModeDetails))
}
