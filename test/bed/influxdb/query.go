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

// Series is the part of a query result for one measurement and, in a query with GROUP BY, one set of tags.
type Series struct {
	Name    string            `json:"name"` // the measurement
	Tags    map[string]string `json:"tags"` // those of GROUP BY
	Columns []string          `json:"columns"`
	Values  [][]any           `json:"values"` // rows of json.Number, string, bool or nil, in the order of the columns
}

// Query runs an InfluxQL query in the database "station". Times are in nanoseconds since 1970. Numbers are json.Number, as the server wrote them.
// It writes the float 26.0 as 26: use FieldTypes to distinguish integers.
//
// Version 2 finds the bucket by its name (a virtual DBRP mapping, see /api/v2/dbrps) or by an explicit mapping of "station".
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
		return nil, fmt.Errorf("the response is not valid JSON: %w", err)
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
			return nil, errors.New("the server truncated the result; add LIMIT or WHERE to the query")
		}
		series = append(series, result.Series...)
	}
	return series, nil
}

// FieldTypes returns the types of the fields of a measurement: "float", "integer", "string", or "boolean". The result is empty if the
// measurement does not exist. It returns an error if shards store a field with different types.
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

// quote returns a name as a quoted InfluxQL identifier.
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
