//go:build real

package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/test/bed/kafka"
)

// TestSimulateRealBrokers writes with replicas and deletes the topics.
func TestSimulateRealBrokers(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cluster, err := kafka.StartReal(ctx, kafka.Options{Dir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, cluster.Close()) })
	brokers := strings.Join(cluster.Addresses(), ",")
	args := []string{"simulate", "--brokers", brokers, "--stations", "60", "--sites", "20", "--interval", "100ms", "--records", "3000", "--prefix", "real"}
	code, out, errs := call(t, args...)
	// 1 is possible: a broker that has just started cannot assign producer IDs yet, which is logged.
	require.NotEqual(t, exitFailed, code, out+errs)
	require.Contains(t, out, "readings: 3000 written, 3000 acknowledged, 0 pending, 0 rejected,")
	code, out, errs = call(t, "audit", "--brokers", brokers)
	require.Equal(t, exitGood, code, out+errs)
	require.Contains(t, out, "\n3000 records, 0 lost, ")

	_, out, errs = call(t, append(args, "--delete-topics")...)
	require.Contains(t, errs, "deleted topics: 20\n", out)
	require.Eventually(t, func() bool {
		code, _, errs = call(t, "audit", "--brokers", brokers, "real20_1_sim")
		return code == exitFailed
	}, time.Minute, time.Second, "the topic still exists")
}
