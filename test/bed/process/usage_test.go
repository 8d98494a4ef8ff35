package process

import (
	"io/fs"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestUsage(t *testing.T) {
	t.Parallel()
	p := start(t, shell("while :; do :; done"))
	var usage Usage
	require.Eventually(t, func() (done bool) {
		var err error
		usage, err = p.Usage()
		return err == nil && usage.CPU > 20*time.Millisecond
	}, 20*time.Second, time.Millisecond)
	require.Greater(t, usage.Resident, int64(100<<10))
	require.GreaterOrEqual(t, usage.PeakResident, usage.Resident)
	require.NoError(t, p.Kill())
	_, err := memory(p.PID(), "VmRSS:")
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestTotalUsageCountsDescendants(t *testing.T) {
	t.Parallel()
	// "true" at the ends keeps the shells in between, which only wait.
	p := start(t, shell(`sh -c 'sh -c "while :; do :; done"; true'; true`))
	alone, err := p.Usage()
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		total, err := p.TotalUsage()
		require.NoError(t, err)
		return total.CPU > alone.CPU+50*time.Millisecond && total.PeakResident > 2*alone.PeakResident
	}, 20*time.Second, time.Millisecond)
	require.NoError(t, p.Kill())
	_, err = p.TotalUsage()
	require.ErrorContains(t, err, "cannot measure ")
}

func TestUsageAdd(t *testing.T) {
	t.Parallel()
	require.Equal(t, Usage{3, 30, 300}, Usage{1, 10, 100}.Add(Usage{2, 20, 200}))
}
