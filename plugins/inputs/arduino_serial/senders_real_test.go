//go:build real

package arduino_serial

import (
	"os/exec"
	"testing"
)

// The MicroPython sender is Python as well.
func TestTheMicroPythonSender(t *testing.T) {
	t.Parallel()
	requireReadable(t, exec.CommandContext(t.Context(), "python3", "-B", "-c", "import sys; sys.path.insert(0, 'senders'); import station; station.run(7, 2)"))
}
