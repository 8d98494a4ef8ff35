package main

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/bench/peers/contender"
	"github.com/telegraf-station/telegraf-station/plugins/parsers/station"
	"github.com/telegraf-station/telegraf-station/test/bed/arduino"
)

func TestLinesAreGoodReadings(t *testing.T) {
	t.Parallel()
	readings := arduino.Readings(0, 3)
	require.Equal(t, readings[0].Line, line(0))
	require.Equal(t, readings[2].Line, line(2))
}

func TestNumberOf(t *testing.T) {
	t.Parallel()
	for _, i := range []int{0, 1, 7, 99_999, 300_000, 4_999_999} {
		require.Equal(t, i, numberIn(t, line(i)))
		require.Equal(t, i, numberIn(t, string(record(i, time.Now()))))
	}
	require.Equal(t, 2, numberIn(t, `{"fields":{"co_gas":1,"dust":2e-05},"name":"environment"}`))
	require.Equal(t, 2_000, numberIn(t, `{"dust": 0.02 , "temp":1.0}`))
	_, err := numberOf([]byte(`{"temp":1}`))
	require.ErrorContains(t, err, "no dust")
	_, err = numberOf([]byte(`{"dust":null}`))
	require.ErrorContains(t, err, "null")
}

func numberIn(t *testing.T, record string) int {
	t.Helper()
	i, err := numberOf([]byte(record))
	require.NoError(t, err)
	return i
}

func TestRecordsArePointsOfTheSameReading(t *testing.T) {
	t.Parallel()
	at := time.Unix(1_700_000_000, 123_456_000)
	parser := &station.Parser{}
	require.NoError(t, parser.Init())
	parsed, err := parser.ParseLine(string(record(12_345, at)))
	require.NoError(t, err)
	require.True(t, at.Equal(parsed.Time()))
	fields, err := json.Marshal(parsed.Fields())
	require.NoError(t, err)
	require.JSONEq(t, `{"status":0,"lat":-49.87655,"lon":20.12345,"alcohol_gas":57,"co_gas":739,"temp":83.45,"light":19,"dust":0.12345}`, string(fields))
	require.Equal(t, "S_rasp,id=pi,index=1,site=S,type=rasp alcohol_gas=57i,co_gas=739i,dust=0.12345,latitude=-49.87655,light=19i,"+
		"longitude=20.12345,status=0i,temp=83.45 1700000000123456000\n", string(point(contender.Place{Site: "S"}, 12_345, at)))
	require.NotContains(t, string(record(1, at)), "\n")
}
