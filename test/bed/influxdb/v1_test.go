package influxdb

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/test/bed/process"
)

// buildLimit leaves time to build InfluxDB, once for a machine.
const buildLimit = 9 * time.Minute

func startV1(t *testing.T, options Options) *Server {
	t.Helper()
	if testing.Short() {
		t.Skip("slow: builds InfluxDB")
	}
	s, err := StartV1(within(t, buildLimit), options)
	return started(t, s, err)
}

func TestV1KeepsReadingsThroughStopAndKill(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var told strings.Builder
	s := startV1(t, Options{Dir: dir, Log: &told})
	require.Contains(t, told.String(), "InfluxDB 1.8.10: listens on "+s.URL())
	require.Equal(t, []string{"station:station", "", "station/autogen"}, []string{s.Token(), s.Organization(), s.Bucket()})

	write(t, s, readingLine)
	requireReading(t, s)
	requireSurvives(t, s)
	requireWholeAnswers(t, s)

	closeAndCheck(t, s)
	again := startV1(t, Options{Dir: dir})
	requireReading(t, again)
}

func TestV1OnAGivenPort(t *testing.T) {
	t.Parallel()
	port := reservePort(t)
	s := startV1(t, Options{Dir: t.TempDir(), Port: port.Number()})
	require.Equal(t, "http://"+port.Address(), s.URL())
}

func TestV1TellsWhatIsNotThere(t *testing.T) {
	t.Parallel()
	s := startV1(t, Options{Dir: t.TempDir()})
	require.Empty(t, query(t, s, "SELECT * FROM nothing"))
	types, err := s.FieldTypes(t.Context(), "nothing")
	require.NoError(t, err)
	require.Empty(t, types)
	_, err = s.Query(t.Context(), "SELECT * FRM typo")
	require.ErrorContains(t, err, `query "SELECT * FRM typo" failed`)
	require.ErrorContains(t, err, "error parsing query")
}

func TestV1StartErrors(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("slow: builds InfluxDB")
	}
	_, err := StartV1(within(t, buildLimit), Options{})
	require.ErrorContains(t, err, "option Dir is required")

	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "data"), nil, 0o600))
	_, err = StartV1(within(t, buildLimit), Options{Dir: dir})
	require.ErrorIs(t, err, process.ErrEnded)
	require.ErrorContains(t, err, "not a directory")
}

func TestV1StartEndsWithItsContext(t *testing.T) {
	t.Parallel()
	s := startV1(t, Options{Dir: t.TempDir()})
	require.NoError(t, s.Stop())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, s.Start(ctx), context.Canceled)
	require.Zero(t, s.PID(), "it was left running")
}
