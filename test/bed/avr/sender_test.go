//go:build real

package avr

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestTheSmallSender runs the sketch that the input's README shows; printedBy requires its checksums.
func TestTheSmallSender(t *testing.T) {
	t.Parallel()
	senders := os.DirFS("../../../plugins/inputs/arduino_serial/senders")
	lines := printedBy(t, senders, new(Script).Voltages(0, Reference()).Stop(3500*time.Millisecond))
	require.GreaterOrEqual(t, len(lines), 3)
	require.Equal(t, `{"seq":1,"alcohol_gas":9,"co_gas":117,"light":554,"temp":26.37}`, lines[0].json)
	require.Equal(t, `{"seq":2,"alcohol_gas":9,"co_gas":117,"light":554,"temp":26.37}`, lines[1].json)
}
