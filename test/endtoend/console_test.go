//go:build real

package endtoend

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTheConsoleOnTheHeadersPort is one of the mistakes: the port of a Raspberry Pi's header is the system's console until
// that is switched off. In a mount namespace of its own (for others than root in a user namespace too) the kernel says so of
// /dev/tty.
func TestTheConsoleOnTheHeadersPort(t *testing.T) {
	t.Parallel()
	active := filepath.Join(t.TempDir(), "active")
	require.NoError(t, os.WriteFile(active, []byte("tty1 tty\n"), 0o600))
	under := []string{"unshare", "--mount"}
	if os.Getuid() != 0 {
		under = append(under, "--map-root-user")
	}
	station := newStation(t, "JNU", []string{"127.0.0.1:1"})
	station.Port = "/dev/tty"
	output, err := station.Test(t.Context(), binary(t), t.TempDir(),
		append(under, "sh", "-c", "mount --bind "+active+` /sys/class/tty/console/active && exec "$0" "$@"`)...)
	require.NoError(t, err, output)
	require.Contains(t, output, `/dev/tty: it is the system's console: run "sudo raspi-config", choose "Interface Options", "Serial Port", no login shell, hardware enabled, and reboot`)
}
