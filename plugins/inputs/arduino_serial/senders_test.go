package arduino_serial

import (
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

// requireReadable wants two readings of what a sender prints, with checksums and numbers.
func requireReadable(t *testing.T, sender *exec.Cmd) {
	t.Helper()
	printed, err := sender.Output()
	require.NoError(t, err)
	b := newBench(t, func(a *ArduinoSerial) { a.Checksum, a.Location = checksumRequired, []float64{35.17959, 126.90822} })
	b.print(t, string(printed))
	b.waitMetrics(t, 2)
	require.Equal(t, int64(2), b.counter("lines"))
	require.Zero(t, b.counter("lost")+b.counter("board_resets")+b.counter("unknown_values"))
}

func TestTheShellSender(t *testing.T) {
	t.Parallel()
	requireReadable(t, exec.CommandContext(t.Context(), "sh", "senders/station.sh", "2"))
}
