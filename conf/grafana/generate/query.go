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

// influxQuery is a query of Grafana's InfluxDB data source, for which the SDK has no type.
type influxQuery struct {
	RefID        string               `json:"refId"`
	Datasource   common.DataSourceRef `json:"datasource"`
	Query        string               `json:"query"`
	RawQuery     bool                 `json:"rawQuery,omitempty"`     // InfluxQL as text, not as clicked together
	ResultFormat string               `json:"resultFormat,omitempty"` // InfluxQL
	Alias        string               `json:"alias,omitempty"`        // InfluxQL: the series' name
}

// series asks with InfluxQL for lines; alias names them by their tags.
func series(alias, query string) influxQuery {
	return influxQuery{Datasource: source(influxQLSource), Query: query, RawQuery: true, ResultFormat: "time_series", Alias: alias}
}

// rows asks with InfluxQL for a table.
func rows(query string) influxQuery {
	return influxQuery{Datasource: source(influxQLSource), Query: query, RawQuery: true, ResultFormat: "table"}
}

func flux(query string) influxQuery { return influxQuery{Datasource: source(fluxSource), Query: query} }

func source(uid string) common.DataSourceRef {
	return common.DataSourceRef{Type: new("influxdb"), Uid: &uid}
}

// named gives the queries of one panel the names A, B, C.
func named(queries []influxQuery) []cog.Builder[variants.Dataquery] {
	var targets []cog.Builder[variants.Dataquery]
	for i, query := range queries {
		query.RefID = refID(i)
		targets = append(targets, query)
	}
	return targets
}

// Build makes the query its own builder.
func (q influxQuery) Build() (variants.Dataquery, error) { return q, q.Validate() }

// ImplementsDataqueryVariant tells the SDK that it is a query.
func (influxQuery) ImplementsDataqueryVariant() {}

// DataqueryType is the data source's type.
func (influxQuery) DataqueryType() string { return "influxdb" }

// Equals compares two queries.
func (q influxQuery) Equals(other variants.Dataquery) bool { return reflect.DeepEqual(q, other) }

// Validate refuses a query that Grafana could not send.
func (q influxQuery) Validate() error {
	switch {
	case q.Query == "" || q.RefID == "":
		return cog.MakeBuildErrors("influxdb", errors.New("a query needs query and refId"))
	case q.RawQuery != (q.ResultFormat != ""):
		return cog.MakeBuildErrors("influxdb", errors.New("rawQuery and resultFormat belong together"))
	}
	return nil
}

// influxVariant lets the SDK read our queries, in its strict way too.
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
