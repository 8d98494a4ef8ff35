package process

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTotalCountsDescendants(t *testing.T) {
	t.Parallel()
	// "true" at the ends keeps the shells in between, which do nothing but wait.
	p := start(t, shell(`sh -c 'sh -c "while :; do :; done"; true'; true`))
	alone, err := totalOf(p.PID())
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		total, err := p.Total()
		require.NoError(t, err)
		return total.CPU > alone.CPU+50*time.Millisecond && total.PeakResident > 2*alone.PeakResident
	}, 20*time.Second, time.Millisecond)
	require.NoError(t, p.Kill())
	_, err = p.Total()
	require.ErrorContains(t, err, "cannot be measured")
}

func TestTotalsAddUp(t *testing.T) {
	t.Parallel()
	require.Equal(t, Total{3, 30}, Total{1, 10}.Add(Total{2, 20}))
}
