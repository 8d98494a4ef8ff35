package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/variants"
	"github.com/grafana/grafana-foundation-sdk/go/common"
)

// The data sources of provisioning/datasources/station.yaml.
const (
	influxQLSource = "station"
	fluxSource     = "station-flux"
)

// influxQuery is a query of the InfluxDB data source of Grafana, for which the SDK has no type.
type influxQuery struct {
	RefID        string               `json:"refId"`
	Datasource   common.DataSourceRef `json:"datasource"`
	Query        string               `json:"query"`
	RawQuery     bool                 `json:"rawQuery,omitempty"`     // InfluxQL as text instead of the parts of the query editor
	ResultFormat string               `json:"resultFormat,omitempty"` // InfluxQL
	Alias        string               `json:"alias,omitempty"`        // InfluxQL: name of the series
}

// series returns an InfluxQL query for lines, which alias names by their tags.
func series(alias, query string) influxQuery {
	return influxQuery{Datasource: source(influxQLSource), Query: query, RawQuery: true, ResultFormat: "time_series", Alias: alias}
}

// rows returns an InfluxQL query for a table.
func rows(query string) influxQuery {
	return influxQuery{Datasource: source(influxQLSource), Query: query, RawQuery: true, ResultFormat: "table"}
}

func flux(query string) influxQuery { return influxQuery{Datasource: source(fluxSource), Query: query} }

func source(uid string) common.DataSourceRef {
	return common.DataSourceRef{Type: new("influxdb"), Uid: &uid}
}

// named names the queries of a panel A, B, C.
func named(queries []influxQuery) []cog.Builder[variants.Dataquery] {
	var targets []cog.Builder[variants.Dataquery]
	for i, query := range queries {
		query.RefID = refID(i)
		targets = append(targets, query)
	}
	return targets
}

// Build makes the query implement cog.Builder.
func (q influxQuery) Build() (variants.Dataquery, error) { return q, q.Validate() }

// ImplementsDataqueryVariant marks the type as a query for the SDK.
func (influxQuery) ImplementsDataqueryVariant() {}

// DataqueryType returns the type of the data source.
func (influxQuery) DataqueryType() string { return "influxdb" }

// Equals reports whether two queries are equal.
func (q influxQuery) Equals(other variants.Dataquery) bool { return reflect.DeepEqual(q, other) }

// Validate rejects a query that Grafana could not send.
func (q influxQuery) Validate() error {
	switch {
	case q.Query == "" || q.RefID == "":
		return cog.MakeBuildErrors("influxdb", errors.New("a query needs query and refId"))
	case q.RawQuery != (q.ResultFormat != ""):
		return cog.MakeBuildErrors("influxdb", errors.New("rawQuery and resultFormat belong together"))
	}
	return nil
}

// influxVariant registers the query type with the SDK, which then also reads it strictly.
func influxVariant() variants.DataqueryConfig {
	return variants.DataqueryConfig{Identifier: "influxdb", DataqueryUnmarshaler: decodeQuery, StrictDataqueryUnmarshaler: decodeQuery}
}

func decodeQuery(raw []byte) (variants.Dataquery, error) {
	var query influxQuery
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&query)
	return query, err
}
