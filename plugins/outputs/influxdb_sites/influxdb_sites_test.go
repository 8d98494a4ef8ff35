package influxdb_sites

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/metric"
	"github.com/influxdata/telegraf/plugins/outputs"
	"github.com/influxdata/telegraf/selfstat"
	"github.com/influxdata/telegraf/testutil"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreTopFunction("github.com/awnumar/memguard/core.NewCoffer.func1")) // one a process, of Telegraf's secrets
}

// store is an InfluxDB whose responses the test sets.
type store struct {
	*httptest.Server
	mu sync.Mutex
	// respond returns the status and the body for lines; 204 accepts them.
	respond  func(lines []string) (int, string)
	points   map[string]int
	requests int
}

func newStore(t *testing.T, respond func(lines []string) (int, string)) *store {
	t.Helper()
	s := &store{respond: respond, points: make(map[string]int)}
	s.Server = httptest.NewServer(http.HandlerFunc(s.write))
	t.Cleanup(s.Close)
	return s
}

func (s *store) write(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, err := gzip.NewReader(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	text, err := io.ReadAll(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.requests++
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	status, response := s.respond(lines)
	if status == http.StatusNoContent {
		for _, line := range lines {
			s.points[line]++
		}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, response)
}

func newPlugin(t *testing.T, urls ...string) (*InfluxDBSites, *testutil.CaptureLogger) {
	t.Helper()
	log := &testutil.CaptureLogger{}
	plugin := outputs.Outputs["influxdb_sites"]().(*InfluxDBSites)
	plugin.URLs, plugin.Bucket, plugin.Organization, plugin.Log = urls, "station", "station", log
	plugin.Statistics = selfstat.NewCollector(map[string]string{"test": t.TempDir()}) // counters with the same tags are shared by the process
	require.NoError(t, plugin.Init())
	require.NoError(t, plugin.Connect())
	t.Cleanup(func() { require.NoError(t, plugin.Close()) })
	return plugin, log
}

func points(n int) (metrics []telegraf.Metric) {
	for i := range n {
		metrics = append(metrics, metric.New("JNU_rasp", map[string]string{"id": "pi"}, map[string]any{"light": i}, time.Unix(int64(i), 0)))
	}
	return metrics
}

func rejectLight(numbers ...int) func([]string) (int, string) {
	return func(lines []string) (int, string) {
		for _, line := range lines {
			for _, n := range numbers {
				if strings.Contains(line, fmt.Sprintf("light=%di", n)) {
					return http.StatusUnprocessableEntity, `{"code":"unprocessable entity","message":"failure writing points to database: partial write: field type conflict"}`
				}
			}
		}
		return http.StatusNoContent, ""
	}
}

func TestBadPointsAreDroppedAlone(t *testing.T) {
	t.Parallel()
	s := newStore(t, rejectLight(17, 42, 43))
	plugin, log := newPlugin(t, s.URL)
	require.NoError(t, plugin.Write(points(100)))
	require.Len(t, s.points, 97)
	require.EqualValues(t, 3, plugin.rejected.Get())
	require.Len(t, log.Errors(), 1, "the first is logged, the rest are counted")
	require.Contains(t, log.Errors()[0], `InfluxDB rejected a point; it was dropped: failed to write metrics to station (422 Unprocessable Entity): `+
		`unprocessable entity: failure writing points to database: partial write: field type conflict: point "JNU_rasp,id=pi light=17i 17000000000"`)
}

// InfluxDB 1.8 and proxies respond with a plain 400: only an accepted point shows that the request is valid.
func TestAmbiguousRejectionNeedsAnAcceptedPoint(t *testing.T) {
	t.Parallel()
	bad := func(lines []string) (int, string) {
		for _, line := range lines {
			if strings.Contains(line, "light=1717i") {
				return http.StatusBadRequest, `{"error":"partial write: field type conflict"}`
			}
		}
		return http.StatusNoContent, ""
	}
	s := newStore(t, bad)
	plugin, _ := newPlugin(t, s.URL)
	require.NoError(t, plugin.Write(points(5000)))
	require.Len(t, s.points, 4999)
	require.EqualValues(t, 1, plugin.rejected.Get())
	require.LessOrEqual(t, s.requests, 1+5*parts)

	s = newStore(t, func([]string) (int, string) {
		return http.StatusBadRequest, "The plain HTTP request was sent to HTTPS port"
	})
	plugin, _ = newPlugin(t, s.URL)
	require.ErrorContains(t, plugin.Write(points(5000)), "will be retried")
	require.Less(t, s.requests, 2*maxAmbiguous)
	require.Zero(t, plugin.rejected.Get())
}

// A rejected point is counted when the write succeeds, not on each failed attempt before.
func TestPointsAreDroppedOnlyWhenTheWriteSucceeds(t *testing.T) {
	t.Parallel()
	var fails atomic.Bool
	fails.Store(true)
	s := newStore(t, func(lines []string) (int, string) {
		if status, body := rejectLight(0)(lines); status != http.StatusNoContent || !fails.Load() {
			return status, body
		}
		return http.StatusInternalServerError, ""
	})
	plugin, log := newPlugin(t, s.URL)
	for range 3 {
		require.ErrorContains(t, plugin.Write(points(4)), "500 Internal Server Error")
	}
	require.Zero(t, plugin.rejected.Get())
	fails.Store(false)
	require.NoError(t, plugin.Write(points(4)))
	require.EqualValues(t, 1, plugin.rejected.Get())
	require.Len(t, log.Errors(), 1)
}

func TestSourceTagsAreInTheLogAndNotInInfluxDB(t *testing.T) {
	t.Parallel()
	s := newStore(t, rejectLight(1))
	plugin, log := newPlugin(t, s.URL)
	plugin.SourceTags = []string{"topic", "partition", "offset"}
	metrics := points(2)
	for i, m := range metrics {
		m.AddTag("topic", "JNU_1_rasp")
		m.AddTag("partition", "0")
		m.AddTag("offset", fmt.Sprint(i))
	}
	require.NoError(t, plugin.Write(metrics))
	require.Equal(t, map[string]int{"JNU_rasp,id=pi light=0i 0": 1}, s.points)
	require.True(t, metrics[0].HasTag("offset"), "the metric in the buffer is unchanged")
	require.Contains(t, log.Errors()[0], `topic JNU_1_rasp, partition 0, offset 1, point "JNU_rasp,id=pi light=1i 1000000000"`)
}

func TestPointThatIsNotLineProtocol(t *testing.T) {
	t.Parallel()
	s := newStore(t, rejectLight())
	plugin, log := newPlugin(t, s.URL)
	metrics := points(3)
	metrics[1].SetName("")
	require.NoError(t, plugin.Write(metrics))
	require.EqualValues(t, 1, plugin.rejected.Get())
	require.Contains(t, log.Errors()[0], `point of measurement "" at 1970-01-01 00:00:01 +0000 UTC: invalid name`)
	require.Contains(t, s.points, "JNU_rasp,id=pi light=0i 0")
	require.Contains(t, s.points, "JNU_rasp,id=pi light=2i 2000000000")
}

// InfluxDB, and this store, respond to an empty request with 400, which is not about other points.
func TestPointsThatAreNotLineProtocol(t *testing.T) {
	t.Parallel()
	s := newStore(t, rejectLight())
	plugin, log := newPlugin(t, s.URL)
	metrics := points(2)
	metrics[0].SetName("")
	metrics[1].SetName("")
	require.NoError(t, plugin.Write(metrics))
	require.EqualValues(t, 2, plugin.rejected.Get())
	require.Contains(t, log.Errors()[0], `InfluxDB rejected a point; it was dropped: not valid line protocol: point of measurement "" at 1970-01-01 00:00:00 +0000 UTC: invalid name`)
}

// The errors of the stock plugin decide which batches are kept.
func TestStatuses(t *testing.T) {
	t.Parallel()
	const reason = `{"code":"invalid","message":"as I say"}`
	for _, c := range []struct {
		status   int
		body     string
		rejected bool
		want     string
	}{
		{400, `{"code":"invalid","message":"unable to parse 'm a=': missing field value"}`, true, ""},
		{400, `{"code":"invalid","message":"Please provide either orgID or org"}`, false, "(will be retried: 400 Bad Request): invalid: Please provide either orgID or org"},
		{400, `{"error":"no route"}`, false, "(will be retried: 400 Bad Request)"},
		{406, reason, false, "(will be retried: 406 Not Acceptable)"},
		{422, reason, true, ""},
		{413, "", false, "413 Request Entity Too Large"},
		{400, "Client sent an HTTP request to an HTTPS server.", false, "(will be retried: 400 Bad Request)"},
		{404, `{"code":"not found","message":"bucket \"station\" not found"}`, false, `failed to write metrics to station (will be retried: 404 Not Found): not found: ` +
			`bucket "station" not found; create the bucket, or correct the options "bucket" and "organization"`},
		{401, `{"code":"unauthorized","message":"unauthorized access"}`, false, "failed to write metrics to station (401 Unauthorized): unauthorized: unauthorized access"},
		{403, reason, false, "(403 Forbidden)"},
		{405, reason, false, "(will be retried: 405 Method Not Allowed)"},
		{429, reason, false, "429 Too Many Requests"},
		{500, reason, false, "500 Internal Server Error"},
		{503, reason, false, "503 Service Unavailable"},
	} {
		t.Run(fmt.Sprintf("%d %.30s", c.status, c.body), func(t *testing.T) {
			t.Parallel()
			s := newStore(t, func([]string) (int, string) { return c.status, c.body })
			plugin, log := newPlugin(t, s.URL)
			err := plugin.Write(points(2))
			if c.rejected {
				require.NoError(t, err)
				require.EqualValues(t, 2, plugin.rejected.Get())
				return
			}
			require.ErrorContains(t, err, c.want)
			require.NoError(t, errors.Unwrap(err), "Telegraf drops the batch for an error of its own type")
			require.Equal(t, "*errors.errorString", fmt.Sprintf("%T", err))
			require.Zero(t, plugin.rejected.Get())
			require.Empty(t, log.Errors(), "the caller logs the error")
		})
	}
}

func TestConnectionRefused(t *testing.T) {
	t.Parallel()
	plugin, _ := newPlugin(t, "http://127.0.0.1:1")
	require.ErrorContains(t, plugin.Write(points(2)), "connection refused")
}

func TestInvalidOptions(t *testing.T) {
	t.Parallel()
	plugin := outputs.Outputs["influxdb_sites"]().(*InfluxDBSites)
	require.EqualError(t, plugin.Init(), `option "bucket" is required, such as bucket = "station"`)
	plugin.Bucket, plugin.OmitTimestamp = "station", true
	require.EqualError(t, plugin.Init(), `option "influx_omit_timestamp" must be false, because a point that is written twice would become two points`)
	plugin.OmitTimestamp, plugin.Limit = false, 1
	require.EqualError(t, plugin.Init(), `option "rate_limit" is not supported; remove it, and set "metric_batch_size"`)
	plugin.Limit, plugin.ContentEncoding = 0, "zip"
	plugin.Log, plugin.Statistics = testutil.Logger{}, selfstat.NewCollector(map[string]string{})
	require.EqualError(t, plugin.Init(), `invalid content encoding "zip"`)
}

// A proxy that rejects everything for some time says nothing about the points, whenever it starts and ends.
func TestRejectionsOfAProxyExpire(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusBadRequest, http.StatusNotAcceptable, http.StatusRequestEntityTooLarge} {
		for from := range 40 {
			for _, length := range []int{1, 3, 10, 30} {
				request := 0
				s := newStore(t, func([]string) (int, string) {
					if request++; request > from && request <= from+length {
						return status, "proxy"
					}
					return http.StatusNoContent, ""
				})
				plugin, _ := newPlugin(t, s.URL)
				for plugin.Write(points(20)) != nil { // Telegraf keeps all of them
					require.Less(t, request, 1000)
				}
				require.Len(t, s.points, 20, "status %d for requests %d to %d", status, from+1, from+length)
				require.Zero(t, plugin.rejected.Get())
			}
		}
	}
}

// One of two servers rejects everything. What it says is about itself.
func TestOneOfTwoServersIsBad(t *testing.T) {
	t.Parallel()
	bad := newStore(t, func([]string) (int, string) { return http.StatusBadRequest, "no route" })
	good := newStore(t, rejectLight(3))
	plugin, _ := newPlugin(t, good.URL, bad.URL)
	for range 20 {
		require.NoError(t, plugin.Write(points(10)))
	}
	require.Len(t, good.points, 9)
	require.EqualValues(t, 20, plugin.rejected.Get(), "the bad point, each time")
	bad.Close()
	for range 10 {
		require.NoError(t, plugin.Write(points(10)), "the other server is used")
	}
}

// While a server asks for a pause, each message has the reason.
func TestEachMessageHasTheReason(t *testing.T) {
	t.Parallel()
	s := newStore(t, func([]string) (int, string) { return http.StatusServiceUnavailable, "" })
	plugin, _ := newPlugin(t, s.URL)
	for range 3 {
		require.ErrorContains(t, plugin.Write(points(2)), "503 Service Unavailable")
	}
	require.Equal(t, 1, s.requests)
	s = newStore(t, func([]string) (int, string) { return http.StatusBadRequest, `{"error":"of InfluxDB 1.8"}` })
	plugin, _ = newPlugin(t, s.URL)
	require.True(t, strings.HasSuffix(plugin.Write(points(2)).Error(), "(will be retried: 400 Bad Request)"))
}
