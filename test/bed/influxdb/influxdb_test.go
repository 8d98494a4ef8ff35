package influxdb

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/telegraf-station/telegraf-station/test/bed/process"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func within(t *testing.T, limit time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	return ctx
}

// started closes the server when the test ends, and checks that its process is gone then.
func started(t *testing.T, s *Server, err error) *Server {
	t.Helper()
	require.NoError(t, err)
	t.Cleanup(func() { closeAndCheck(t, s) })
	return s
}

func closeAndCheck(t *testing.T, s *Server) {
	t.Helper()
	pid := s.PID()
	require.NoError(t, s.Close())
	require.Zero(t, s.PID())
	if pid != 0 {
		require.ErrorIs(t, syscall.Kill(pid, 0), syscall.ESRCH, "influxd %d is still there", pid)
	}
}

// write takes line protocol as outputs.influxdb_v2 sends it.
func write(t *testing.T, s *Server, lines string) {
	t.Helper()
	url := fmt.Sprintf("%s/api/v2/write?org=%s&bucket=%s", s.URL(), s.Organization(), s.Bucket())
	request, err := http.NewRequestWithContext(within(t, time.Minute), http.MethodPost, url, strings.NewReader(lines))
	require.NoError(t, err)
	request.Header.Set("Authorization", "Token "+s.Token())
	response, err := s.client.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusNoContent, response.StatusCode)
}

const readingLine = `JNU_rasp,id=RaspberryPi co_gas=117i,temp=26,status=0i 1700000000000000001`

func query(t *testing.T, s *Server, influxQL string) []Series {
	t.Helper()
	series, err := s.Query(within(t, time.Minute), influxQL)
	require.NoError(t, err)
	return series
}

func requireReading(t *testing.T, s *Server) {
	t.Helper()
	require.Equal(t, []Series{{
		Name:    "JNU_rasp",
		Columns: []string{"time", "co_gas", "id", "status", "temp"},
		Values: [][]any{{
			json.Number("1700000000000000001"), json.Number("117"), "RaspberryPi", json.Number("0"), json.Number("26"),
		}},
	}}, query(t, s, "SELECT * FROM JNU_rasp"))
	types, err := s.FieldTypes(within(t, time.Minute), "JNU_rasp")
	require.NoError(t, err)
	require.Equal(t, map[string]string{"co_gas": "integer", "temp": "float", "status": "integer"}, types)
}

// requireWholeAnswers asks for more rows than a server sends in one piece (10,000).
func requireWholeAnswers(t *testing.T, s *Server) {
	t.Helper()
	const count = 25_000
	var lines strings.Builder
	for i := range count {
		fmt.Fprintf(&lines, "many,site=S%d value=%di %d\n", i%2, i, 1_700_000_000_000_000_000+i)
	}
	write(t, s, lines.String())
	series := query(t, s, "SELECT value FROM many")
	require.Len(t, series, 1)
	require.Len(t, series[0].Values, count)
	require.Equal(t, json.Number(strconv.Itoa(count-1)), series[0].Values[count-1][1])

	series = query(t, s, "SELECT value FROM many GROUP BY site; SELECT count(value) FROM many")
	require.Len(t, series, 3)
	require.Equal(t, map[string]string{"site": "S0"}, series[0].Tags)
	require.Len(t, series[1].Values, count/2)
	require.Equal(t, json.Number(strconv.Itoa(count)), series[2].Values[0][1])
}

// requireSurvives stops, starts, kills and starts the server.
func requireSurvives(t *testing.T, s *Server) {
	t.Helper()
	url := s.URL()
	for name, end := range map[string]func() error{"stop": s.Stop, "kill": s.Kill} {
		pid := s.PID()
		require.NotZero(t, pid)
		require.NoError(t, end(), name)
		require.NoError(t, end(), "a second time")
		require.ErrorIs(t, syscall.Kill(pid, 0), syscall.ESRCH)
		_, err := s.Query(within(t, time.Minute), "SHOW DATABASES")
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
		begin := time.Now()
		require.NoError(t, s.Start(within(t, time.Minute)))
		t.Logf("back in %s after a %s", time.Since(begin).Round(time.Millisecond), name)
		require.Equal(t, url, s.URL())
		requireReading(t, s)
	}
	require.ErrorContains(t, s.Start(t.Context()), "is already running")
}

func reservePort(t *testing.T) *process.Port {
	t.Helper()
	port, err := process.ReservePort()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, port.Release()) })
	return port
}

func TestParseAnswer(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ answer, want string }{
		"not JSON":              {"<html>", "not valid JSON"},
		"an error":              {`{"error":"no such user"}`, "no such user"},
		"a statement's error":   {`{"results":[{"statement_id":0,"error":"database not found: x"}]}`, "database not found: x"},
		"an answer that is cut": {`{"results":[{"statement_id":0,"partial":true}]}`, "truncated the result"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := parseAnswer([]byte(test.answer))
			require.ErrorContains(t, err, test.want)
		})
	}
}

func TestQuote(t *testing.T) {
	t.Parallel()
	require.Equal(t, `"JNU_rasp"`, quote("JNU_rasp"))
	require.Equal(t, `"a\"b\\c"`, quote(`a"b\c`))
}
