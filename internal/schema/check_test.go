package schema

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var jnu = &Location{Lat: 35.17959, Lon: 126.90822}

func reference() Reading {
	return Reading{
		"alcohol_gas": int64(9), "co_gas": int64(117), "dust": 0.05, "lat": 35.17959, "lon": 126.90822,
		"light": int64(554), "temp": 26.52,
	}
}

func TestCheck(t *testing.T) {
	good := []Value{
		{"lat", 35.17959},
		{"lon", 126.90822},
		{"alcohol_gas", int64(9)},
		{"co_gas", int64(117)},
		{"temp", 26.52},
		{"light", int64(554)},
		{"dust", 0.05},
	}
	for name, test := range map[string]struct {
		change   Reading // nil as a value deletes the key
		null     string  // a key whose value is null
		location *Location
		status   int64
		values   Reading // what differs from good; nil is left out
		problem  string
		unknown  []string
	}{
		"the reference values":       {},
		"an int for a float":         {change: Reading{"temp": int64(26)}, values: Reading{"temp": 26.0}},
		"a whole float for an int":   {change: Reading{"light": 554.0}},
		"a bound is good":            {change: Reading{"temp": -40.0, "light": int64(1023)}, values: Reading{"temp": -40.0, "light": int64(1023)}},
		"no dust sensor":             {change: Reading{"dust": nil}, values: Reading{"dust": nil}},
		"missing":                    {change: Reading{"temp": nil}, status: 1, values: Reading{"temp": -999.0}, problem: `"temp" is missing`},
		"null":                       {null: "light", status: 1, values: Reading{"light": int64(-1)}, problem: `"light" is null`},
		"a string":                   {change: Reading{"light": "554"}, status: 1, values: Reading{"light": int64(-1)}, problem: `"light" must be a number, not the string "554"`},
		"a bool":                     {change: Reading{"light": true}, status: 1, values: Reading{"light": int64(-1)}, problem: `"light" must be a number, not true`},
		"an object":                  {change: Reading{"light": []byte("{}")}, status: 1, values: Reading{"light": int64(-1)}, problem: `"light" must be a number, not an object or an array`},
		"a fraction for an int":      {change: Reading{"light": 554.5}, status: 1, values: Reading{"light": int64(-1)}, problem: `"light" must be a whole number (got 554.5)`},
		"NaN":                        {change: Reading{"temp": math.NaN()}, status: 1, values: Reading{"temp": -999.0}, problem: `"temp" is not a finite number`},
		"infinite":                   {change: Reading{"light": math.Inf(1)}, status: 1, values: Reading{"light": int64(-1)}, problem: `"light" is not a finite number`},
		"above":                      {change: Reading{"light": int64(1024)}, status: 1, values: Reading{"light": int64(-1)}, problem: `"light" is out of range: 1024 is not in 0..1023`},
		"below":                      {change: Reading{"temp": -127.0}, status: 1, values: Reading{"temp": -999.0}, problem: `"temp" is out of range: -127 is not in -40..125`},
		"the error value of a board": {change: Reading{"temp": -999.0}, status: 1, values: Reading{"temp": -999.0}, problem: `"temp" is out of range: -999 is not in -40..125`},
		"wrong, no error value":      {change: Reading{"dust": -3.0}, status: 1, values: Reading{"dust": nil}, problem: `"dust" is out of range: -3 is not in 0..750`},
		"huge unsigned":              {change: Reading{"light": uint64(math.MaxUint64)}, status: 1, values: Reading{"light": int64(-1)}, problem: `"light" is too large`},
		"huge float":                 {change: Reading{"light": 1e300}, status: 1, values: Reading{"light": int64(-1)}, problem: `"light" is too large`},
		"unknown":                    {change: Reading{"humidity": 40.0}, unknown: []string{"humidity"}},
		"no fix, no location":        {null: "lat", status: 1, values: Reading{"lat": nil}, problem: `"lat" is null`},
		"no GPS, fixed location":     {change: Reading{"lat": nil, "lon": nil}, location: jnu},
		"no fix, fixed location":     {null: "lat", change: Reading{"lon": 1.0}, location: jnu},
		"fix nan, fixed location":    {change: Reading{"lat": math.NaN(), "lon": math.NaN()}, location: jnu},
		"the GPS wins":               {change: Reading{"lat": 1.5, "lon": 2.5}, location: jnu, values: Reading{"lat": 1.5, "lon": 2.5}},
		"wrong lat, fixed location":  {change: Reading{"lat": 91.0}, location: jnu, status: 1, problem: `"lat" is out of range: 91 is not in -90..90`},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Load(Default)
			require.NoError(t, err)
			reading := reference()
			for key, value := range test.change {
				if reading[key] = value; value == nil {
					delete(reading, key)
				}
			}
			if test.null != "" {
				reading[test.null] = nil
			}
			record := s.Check(reading, test.location)
			require.Equal(t, test.status, record.Status)
			require.Equal(t, changed(good, test.values), record.Values)
			require.Equal(t, test.unknown, record.Unknown)
			if test.problem == "" {
				require.Empty(t, record.Problems)
				return
			}
			require.Len(t, record.Problems, 1)
			require.EqualError(t, record.Problems[0], test.problem)
		})
	}
}

func changed(values []Value, changes Reading) []Value {
	var result []Value
	for _, value := range values {
		replacement, found := changes[value.Name]
		switch {
		case !found:
			result = append(result, value)
		case replacement != nil:
			result = append(result, Value{value.Name, replacement})
		}
	}
	return result
}

func TestSilence(t *testing.T) {
	s, err := Load(Default)
	require.NoError(t, err)
	errorValues := []Value{{"alcohol_gas", int64(-1)}, {"co_gas", int64(-1)}, {"temp", -999.0}, {"light", int64(-1)}}
	require.Equal(t, Record{Status: 2, Values: errorValues}, s.Silence(nil))
	require.Equal(t, append([]Value{{"lat", jnu.Lat}, {"lon", jnu.Lon}}, errorValues...), s.Silence(jnu).Values)
}

// Whatever the line holds, a record obeys the schema: types as declared, each value good or its error value,
// and status 0 exactly when nothing is missing or wrong.
func TestAnyReadingGivesARecordThatObeysTheSchema(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anySchema(t)
		reading := anyReading(t, s)
		var location *Location
		if rapid.Bool().Draw(t, "fixed") {
			location = jnu
		}
		obeys(t, s, reading, s.Check(reading, location))
	})
}

func FuzzCheck(f *testing.F) {
	f.Fuzz(rapid.MakeFuzz(func(t *rapid.T) {
		s := anySchema(t)
		reading := anyReading(t, s)
		obeys(t, s, reading, s.Check(reading, nil))
	}))
}

func obeys(t require.TestingT, s *Schema, reading Reading, record Record) {
	require.Equal(t, len(record.Problems) > 0, record.Status == StatusSensingError)
	wrong := make(map[string]bool)
	for _, problem := range record.Problems {
		wrong[problem.Field] = true
	}
	last := -1
	for _, value := range record.Values {
		field, declared := s.Field(value.Name)
		require.True(t, declared)
		require.Greater(t, s.byName[value.Name], last, "the order of the schema")
		last = s.byName[value.Name]
		if field.Type == Int {
			require.IsType(t, int64(0), value.Value)
		} else {
			require.IsType(t, float64(0), value.Value)
		}
		if wrong[value.Name] && value.Name != Lat && value.Name != Lon {
			require.Equal(t, field.errorValue(), value.Value)
		} else {
			require.True(t, field.inRange(asFloat(value.Value)))
		}
		if given, ok := reading[value.Name].(int64); ok && !wrong[value.Name] && value.Name != Lat && value.Name != Lon {
			require.InDelta(t, float64(given), asFloat(value.Value), 0, "a good value is kept")
		}
	}
	require.GreaterOrEqual(t, len(s.Fields), len(record.Values))
}

func anySchema(t *rapid.T) *Schema {
	names := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z][a-z0-9_]{0,8}`).Filter(func(name string) bool {
		return name != Lat && name != Lon && name != Time && name != Status && name != DeviceID
	}), 1, 6, rapid.ID[string]).Draw(t, "names")
	sensors := make([]Field, 0, len(names))
	for _, name := range names {
		low := float64(rapid.IntRange(-1000, 1000).Draw(t, "min"))
		high := low + float64(rapid.IntRange(0, 1000).Draw(t, "width"))
		field := Field{Name: name, Type: rapid.SampledFrom([]Type{Int, Float}).Draw(t, "type"), Min: &low, Max: &high, Required: rapid.Bool().Draw(t, "required")}
		if rapid.Bool().Draw(t, "has error value") {
			errorValue := low - 1
			field.ErrorValue = &errorValue
		}
		sensors = append(sensors, field)
	}
	s, err := New("any", sensors)
	require.NoError(t, err)
	return s
}

func anyReading(t *rapid.T, s *Schema) Reading {
	reading := make(Reading)
	for i := range s.Fields {
		if rapid.IntRange(0, 9).Draw(t, "absent") > 0 {
			reading[s.Fields[i].Name] = anyValue().Draw(t, "value")
		}
	}
	if rapid.Bool().Draw(t, "stranger") {
		reading["no_such_field"] = anyValue().Draw(t, "value")
	}
	return reading
}

func anyValue() *rapid.Generator[any] {
	return rapid.OneOf(
		rapid.Int64Range(-2000, 2000).AsAny(), rapid.Int64().AsAny(), rapid.Uint64().AsAny(),
		rapid.Float64Range(-2000, 2000).AsAny(), rapid.Float64().AsAny(),
		rapid.SampledFrom([]any{math.NaN(), math.Inf(1), math.Inf(-1), nil, true, []byte("{}")}),
		rapid.String().AsAny(),
	)
}
