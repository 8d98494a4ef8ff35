package process

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestUsage(t *testing.T) {
	t.Parallel()
	p := start(t, shell("while :; do :; done"))
	require.Eventually(t, func() bool {
		cpu, err := p.CPU()
		return err == nil && cpu > 20*time.Millisecond
	}, 20*time.Second, time.Millisecond)
	resident, err := p.Resident()
	require.NoError(t, err)
	require.Greater(t, resident, int64(100<<10))
	peak, err := p.Peak()
	require.NoError(t, err)
	require.GreaterOrEqual(t, peak, resident)
	require.NoError(t, p.Kill())
	_, err = p.Resident()
	require.Error(t, err)
}
