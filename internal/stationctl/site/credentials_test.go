package site

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// The file may be the Pi's own, with other variables in it.
func TestCredentialsKeepTheRestOfTheFile(t *testing.T) {
	t.Parallel()
	c := open(t, newGuarded(t))
	folder := t.TempDir()
	file, link := filepath.Join(folder, "telegraf-station"), filepath.Join(folder, "link")
	require.NoError(t, os.WriteFile(file, []byte("# of the Pi\nSTATION_PORT=/dev/ttyUSB0\nKAFKA_PASSWORD=old"), 0o600))
	require.NoError(t, os.Chmod(file, 0o644))
	require.NoError(t, os.Symlink(file, link))
	o := options(t, link)
	apply(t, plan(t, c, o))
	password := passwordIn(t, file)
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, fmt.Sprintf("# of the Pi\nSTATION_PORT=/dev/ttyUSB0\nKAFKA_PASSWORD=%q\nKAFKA_USERNAME=\"JNU_1_rasp\"\n", password), string(content))
	require.Zero(t, plan(t, c, o).Changes())

	require.NoError(t, os.Chmod(file, 0o640)) // as the package makes /etc/default/telegraf-station
	rotated, err := c.PlanRotate(t.Context(), o.Name, "", link)
	require.NoError(t, err)
	apply(t, rotated)
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.EqualValues(t, 0o640, info.Mode().Perm(), "the service's group reads it still")
	require.Zero(t, plan(t, c, o).Changes())

	require.NoError(t, os.Chmod(file, 0o644))
	p := plan(t, c, o)
	require.Equal(t, 1, p.Changes())
	require.Contains(t, text(t, p), fmt.Sprintf("~ credentials %q: mode 0600 (was 0644)\n", file))
	apply(t, p)
	require.NotEqual(t, password, passwordIn(t, file))

	o.Credentials = filepath.Join(folder, "new")
	p = plan(t, c, o)
	require.Zero(t, p.Changes())
	require.Contains(t, text(t, p), `: the password of user "JNU_1_rasp" cannot be retrieved from Kafka; if it is lost, run stationctl site rotate-credentials JNU_1_rasp`)
	require.NoFileExists(t, o.Credentials)
}
