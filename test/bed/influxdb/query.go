package influxdb

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// Series is a part of a query's answer: of one measurement and, in a query with GROUP BY, of one set of tags.
type Series struct {
	Name    string            `json:"name"` // the measurement
	Tags    map[string]string `json:"tags"` // those of GROUP BY
	Columns []string          `json:"columns"`
	Values  [][]any           `json:"values"` // rows of json.Number, string, bool or nil, in the order of the columns
}

// Query asks with InfluxQL in the database "station". Times are in nanoseconds since 1970. A number is a json.Number,
// written as the server wrote it, but that writes the float 26.0 as 26: what is an integer is known from FieldTypes.
//
// Version 2 finds the bucket by its name (a virtual DBRP mapping, as /api/v2/dbrps shows), or by a mapping of "station" that
// was made.
func (s *Server) Query(ctx context.Context, influxQL string) ([]Series, error) {
	parameters := url.Values{"db": {database}, "epoch": {"ns"}, "q": {influxQL}}
	answer, err := s.do(ctx, http.MethodPost, "/query?"+parameters.Encode(), nil)
	if err != nil {
		return nil, fmt.Errorf("query %q failed: %w", influxQL, err)
	}
	series, err := parseAnswer(answer)
	if err != nil {
		return nil, fmt.Errorf("query %q failed: %w", influxQL, err)
	}
	return series, nil
}

// parseAnswer joins the series of all statements.
func parseAnswer(text []byte) ([]Series, error) {
	var answer struct {
		Error   string
		Results []struct {
			Error   string
			Partial bool
			Series  []Series
		}
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&answer); err != nil {
		return nil, fmt.Errorf("the answer is no JSON: %w", err)
	}
	if answer.Error != "" {
		return nil, errors.New(answer.Error)
	}
	series := []Series{}
	for _, result := range answer.Results {
		if result.Error != "" {
			return nil, errors.New(result.Error)
		}
		if result.Partial {
			return nil, errors.New("the server left off rows: ask for fewer with LIMIT or WHERE")
		}
		series = append(series, result.Series...)
	}
	return series, nil
}

// FieldTypes tells how a measurement's fields are stored: "float", "integer", "string" or "boolean". It is empty, and no
// error, for a measurement that is not there. A field has two types only if shards disagree: that is an error.
func (s *Server) FieldTypes(ctx context.Context, measurement string) (map[string]string, error) {
	series, err := s.Query(ctx, "SHOW FIELD KEYS FROM "+quote(measurement))
	if err != nil {
		return nil, err
	}
	types := map[string]string{}
	for _, one := range series {
		for _, row := range one.Values {
			field, fieldType := fmt.Sprint(row[0]), fmt.Sprint(row[1])
			if other, twice := types[field]; twice {
				return nil, fmt.Errorf("field %q of %q is stored as %s and as %s", field, measurement, other, fieldType)
			}
			types[field] = fieldType
		}
	}
	return types, nil
}

// quote makes an InfluxQL identifier of any name.
func quote(name string) string {
	var quoted bytes.Buffer
	quoted.WriteByte('"')
	for _, char := range []byte(name) {
		if char == '"' || char == '\\' {
			quoted.WriteByte('\\')
		}
		quoted.WriteByte(char)
	}
	quoted.WriteByte('"')
	return quoted.String()
}
