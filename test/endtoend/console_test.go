//go:build real

package endtoend

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestConsoleOnTheHeaderPort is one of the mistakes: the port of the Raspberry Pi header is the system console until that is disabled. In its
// own mount namespace (and, without root, user namespace), the kernel reports this for /dev/tty.
func TestConsoleOnTheHeaderPort(t *testing.T) {
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
	require.Contains(t, output, `/dev/tty: the system console uses this port; run "sudo raspi-config", choose "Interface Options", "Serial Port", disable the login shell`)
}
