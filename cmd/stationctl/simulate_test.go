package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/internal/stationctl/simulate"
	"github.com/telegraf-station/telegraf-station/test/bed/kafka"
)

func newEmpty(t *testing.T) (cluster *kafka.Embedded, brokers string) {
	t.Helper()
	cluster, err := kafka.StartEmbedded(kafka.EmbeddedOptions{})
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	return cluster, strings.Join(cluster.Addresses(), ",")
}

// simulated runs the command and requires that all readings are acknowledged.
func simulated(t *testing.T, brokers string, records int64, args ...string) (stderr string) {
	t.Helper()
	args = append([]string{"simulate", "--brokers", brokers, "--replication-factor", "1", "--json"}, args...)
	code, out, errs := call(t, args...)
	require.Equal(t, exitGood, code, out+errs)
	var summary simulate.Summary
	require.NoError(t, json.Unmarshal([]byte(out), &summary))
	require.Equal(t, records, summary.Written)
	require.Equal(t, records, summary.Acknowledged)
	require.Zero(t, summary.Waiting)
	require.Empty(t, summary.Errors)
	require.Positive(t, summary.PerSecond)
	require.Positive(t, summary.CPUPer100k)
	require.Positive(t, summary.PeakMemory)
	require.Positive(t, summary.Goroutines)
	require.Positive(t, summary.Connections)
	return errs
}

func TestSimulateAtAnInterval(t *testing.T) {
	t.Parallel()
	cluster, brokers := newEmpty(t)
	simulated(t, brokers, 300, "--stations", "7", "--sites", "3", "--interval", "50ms", "--prefix", "pace", "--records", "300")
	code, out, errs := call(t, "audit", "--brokers", brokers)
	require.Equal(t, exitGood, code, out+errs)
	require.Contains(t, out, "\n300 records, 0 lost, 0 repeated, 0 conflicts, 0 out of order\n")
	for _, device := range []string{"pace1_1_sim  station1", "pace1_1_sim  station3", "pace2_1_sim  station2", "pace3_1_sim  station2"} {
		require.Contains(t, out, device)
	}
	require.NotContains(t, out, "pace3_1_sim  station3", "7 stations on 3 sites are 3, 2 and 2")
	records, err := kafka.Records(t.Context(), cluster.Addresses(), "pace1_1_sim")
	require.NoError(t, err)
	var reading map[string]any
	require.NoError(t, json.Unmarshal(records[0].Value, &reading))
	for _, field := range []string{"device_id", "status", "time", "lat", "lon", "alcohol_gas", "co_gas", "temp", "light", "dust"} {
		require.Contains(t, reading, field)
	}
}

func TestSimulateAtFullSpeedWithOutboxes(t *testing.T) {
	t.Parallel()
	cluster, brokers := newEmpty(t)
	outbox := filepath.Join(t.TempDir(), "outbox")
	full := []string{"--stations", "10", "--sites", "2", "--interval", "0", "--records", "5000", "--outbox", outbox, "--prefix", "full"}
	simulated(t, brokers, 5000, full...)
	code, out, _ := call(t, "audit", "--brokers", brokers)
	require.Equal(t, exitGood, code, out)
	require.Contains(t, out, "\n5000 records, 0 lost, 0 repeated, 0 conflicts, 0 out of order\n")
	require.DirExists(t, filepath.Join(outbox, "full2_1_sim"))

	errs := simulated(t, brokers, 5000, append(full, "--delete-topics")...)
	require.Contains(t, errs, "deleted topics: 2\n")
	require.Nil(t, cluster.Cluster().TopicInfo("full1_1_sim"))
	left, err := os.ReadDir(outbox)
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestSimulateForADuration(t *testing.T) {
	t.Parallel()
	_, brokers := newEmpty(t)
	code, out, errs := call(t, "simulate", "--brokers", brokers, "--replication-factor", "1", "--stations", "4", "--sites", "2", "--interval", "10ms", "--duration", "500ms", "--prefix", "while")
	require.Equal(t, exitGood, code, out+errs)
	require.Contains(t, out, "stations: 4, sites: 2; connected in ")
	require.Contains(t, out, " acknowledged, 0 pending, 0 rejected, 0 retried\n")
	require.Contains(t, errs, "2 of 2 sites in ")
}

func TestSimulateWithoutABroker(t *testing.T) {
	t.Parallel()
	code, out, errs := call(t, "simulate", "--brokers", "127.0.0.1:1", "--stations", "1", "--sites", "1")
	require.Equal(t, exitFailed, code)
	require.Empty(t, out)
	require.Contains(t, errs, "cannot connect to Kafka at 127.0.0.1:1")
}

func TestSimulateInvalidFlags(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"--sites 0":                     `flag --sites must be between 1 and 10000 (got 0)`,
		"--sites 10001":                 `flag --sites must be between 1 and 10000 (got 10001)`,
		"--stations 999":                `flag --stations must be between --sites (1000) and 1000000, at least one per site (got 999)`,
		"--stations 1000001":            `flag --stations must be between --sites (1000) and 1000000`,
		"--interval -1s":                `flag --interval must be 1ms or more, or 0 for full speed (got -1s)`,
		"--interval 1us":                `flag --interval must be 1ms or more`,
		"--interval 0":                  `flag --interval=0 (full speed) fills the disks of the brokers; set --records or --duration`,
		"--records -1":                  `flag --records must be 0 (no limit) or more (got -1)`,
		"--duration -1s":                `flag --duration must be 0 (no limit) or more (got -1s)`,
		"--replication-factor 0":        `flag --replication-factor must be 1 or more, at most the number of brokers (got 0)`,
		"--prefix a_b":                  `flag --prefix: SITE must consist of letters (a-z, A-Z), digits, "." and "-" (got "a_b1000")`,
		"--timeout 0":                   `flag --timeout must be above zero`,
		"--sasl-username u":             `flag --sasl-username requires --sasl-mechanism`,
		"--tls-cert /nowhere":           `flags --tls-cert and --tls-key must be used together`,
		"--stations many":               `invalid argument "many" for "--stations" flag`,
		"sites":                         `unknown command "sites" for "stationctl simulate"`,
		"--interval 0 --records 100 -v": `unknown shorthand flag`,
	} {
		code, _, errs := call(t, append([]string{"simulate", "--brokers", "127.0.0.1:1"}, strings.Fields(args)...)...)
		require.Equal(t, exitFailed, code, args)
		require.Contains(t, errs, "stationctl: "+want)
	}
	code, _, errs := call(t, "simulate")
	require.Equal(t, exitFailed, code)
	require.Contains(t, errs, `flag --brokers: option "brokers" is required`)
}
