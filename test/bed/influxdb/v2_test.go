//go:build real

package influxdb

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func startV2(t *testing.T, options Options) *Server {
	t.Helper()
	s, err := StartV2(within(t, 20*time.Minute), options)
	return started(t, s, err)
}

func TestV2KeepsReadingsThroughStopAndKill(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	begin := time.Now()
	s := startV2(t, Options{Dir: dir})
	t.Logf("ready in %s", time.Since(begin).Round(time.Millisecond))
	require.Equal(t, []string{"station-token", "station", "station"}, []string{s.Token(), s.Organization(), s.Bucket()})
	mapDatabase(t, s)

	write(t, s, readingLine)
	requireReading(t, s)
	requireSurvives(t, s)
	requireWholeAnswers(t, s)

	closeAndCheck(t, s)
	again := startV2(t, Options{Dir: dir})
	requireReading(t, again)
}

func TestV2OnAGivenPort(t *testing.T) {
	t.Parallel()
	port := reservePort(t)
	s := startV2(t, Options{Dir: t.TempDir(), Port: port.Number()})
	require.Equal(t, "http://"+port.Address(), s.URL())
	write(t, s, readingLine)
	requireReading(t, s) // by the virtual mapping that every bucket has
}

// mapDatabase does what the scripts of conf/central do for a user: a mapping that is not virtual must answer the same.
func mapDatabase(t *testing.T, s *Server) {
	t.Helper()
	ctx := within(t, time.Minute)
	_, err := s.do(ctx, "POST", "/api/v2/dbrps", map[string]any{
		"org": s.Organization(), "bucketID": bucketID(t, s), "database": database, "retention_policy": "autogen", "default": true,
	})
	require.NoError(t, err)
}

func bucketID(t *testing.T, s *Server) string {
	t.Helper()
	answer, err := s.do(within(t, time.Minute), "GET", "/api/v2/buckets?name="+s.Bucket(), nil)
	require.NoError(t, err)
	var found struct{ Buckets []struct{ ID string } }
	require.NoError(t, json.Unmarshal(answer, &found))
	require.Len(t, found.Buckets, 1)
	return found.Buckets[0].ID
}
