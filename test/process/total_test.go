package process

import (
	"os"
	"path/filepath"
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

func TestTotalCountsWhatIsWritten(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp(".", "written-") // on a disk, as the system's folder for temporary files may not be
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	path, err := filepath.Abs(filepath.Join(dir, "file"))
	require.NoError(t, err)
	p := start(t, shell(`i=0; while [ $i -lt 3000 ]; do echo $i; i=$((i + 1)); done >`+path+`; exec sleep 600`))
	require.Eventually(t, func() bool {
		total, err := p.Total()
		require.NoError(t, err)
		return total.Written >= 8192
	}, 20*time.Second, time.Millisecond)
}

func TestTotalsAddUp(t *testing.T) {
	t.Parallel()
	require.Equal(t, Total{3, 30, 300}, Total{1, 10, 100}.Add(Total{2, 20, 200}))
}
