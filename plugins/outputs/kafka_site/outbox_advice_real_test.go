//go:build real

package kafka_site

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/internal/outbox"
)

// serviceUser is the ID of the user that the outbox is for.
const serviceUser = 65534

const openThere = "KAFKA_SITE_TEST_OUTBOX"

// TestOpenAsService is what TestPermissionAdvice runs as that user.
func TestOpenAsService(t *testing.T) {
	dir := os.Getenv(openThere)
	if dir == "" {
		return
	}
	o := outbox.New(outbox.Options{Dir: dir, MaxBytes: 1 << 20, MaxRecords: 100, OnFull: outbox.Block, Report: func(i outbox.Incident) { fmt.Println("incident:", i.Text) }})
	if err := o.Open(); err != nil {
		fmt.Printf("advice: %v%s\n", err, outboxAdvice(err, dir))
		return
	}
	require.NoError(t, o.Append([]*outbox.Record{{Topic: "JNU_1_rasp", Device: "pi", Value: []byte("1")}}))
	require.NoError(t, o.ParkMetric(&outbox.Parked{Reason: "a test"}))
	require.NoError(t, o.Close())
	fmt.Println("opened")
}

// The command in the advice, run as it is printed, makes the outbox usable.
func TestPermissionAdvice(t *testing.T) {
	for name, damage := range map[string]func(t *testing.T, dir string){
		"the outbox is root's":    func(t *testing.T, dir string) { chown(t, dir) },
		"all of it is root's":     func(t *testing.T, dir string) { chown(t, dir, "lock", "log", "replay", "parked") },
		"the lock is root's":      func(t *testing.T, dir string) { chown(t, dir, "lock") },
		"the log is root's":       func(t *testing.T, dir string) { chown(t, dir, "log") },
		"the directory is closed": func(t *testing.T, dir string) { require.NoError(t, os.Chmod(dir, 0o000)) },
		"a segment is root's":     func(t *testing.T, dir string) { chown(t, dir, "log/0000000000000001.log") },
		"its parent is closed":    func(t *testing.T, dir string) { require.NoError(t, os.Chmod(filepath.Dir(dir), 0o700)) },
		"it is missing":           func(t *testing.T, dir string) { require.NoError(t, os.RemoveAll(dir)) },
		"it is in a closed parent": func(t *testing.T, dir string) {
			require.NoError(t, os.RemoveAll(dir))
			require.NoError(t, os.Chmod(filepath.Dir(dir), 0o700))
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(publicDir(t), "a mount's", "outbox")
			require.NoError(t, os.Mkdir(filepath.Dir(dir), 0o755)) //nolint:gosec // another user enters it
			require.NoError(t, os.Mkdir(dir, 0o750))
			require.NoError(t, os.Chown(dir, serviceUser, serviceUser))
			require.Contains(t, openAsService(t, dir), "opened")
			damage(t, dir)
			require.Contains(t, openAsService(t, dir), "; run: sudo ")
			for range 3 { // a closed parent can hide the next problem
				out := openAsService(t, dir)
				_, command, found := strings.Cut(out, "; run: ")
				if !found {
					break
				}
				command, _, _ = strings.Cut(command, "\n")
				t.Log(command)
				text, err := exec.Command("sh", "-ec", `sudo() { "$@"; }; `+command).CombinedOutput() //nolint:gosec // our own advice
				require.NoError(t, err, "%s", text)
			}
			out := openAsService(t, dir)
			require.Contains(t, out, "opened")
			require.NotContains(t, out, "incident:")
		})
	}
}

// publicDir returns a directory that every user can enter, unlike t.TempDir.
func publicDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "public") //nolint:usetesting // see above
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	require.NoError(t, os.Chmod(dir, 0o755))
	return dir
}

// chown gives files of an outbox to root, as a run as root does.
func chown(t *testing.T, dir string, names ...string) {
	t.Helper()
	for _, name := range append(names, "") {
		if name == "" && len(names) > 0 {
			continue
		}
		path := filepath.Join(dir, name)
		require.NoError(t, os.Chown(path, 0, 0))
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.NoError(t, os.Chmod(path, info.Mode()&0o700))
	}
}

func openAsService(t *testing.T, dir string) string {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	data, err := os.ReadFile(self)
	require.NoError(t, err)
	program := filepath.Join(publicDir(t), "open")
	require.NoError(t, os.WriteFile(program, data, 0o755))         //nolint:gosec // another user runs it
	c := exec.Command(program, "-test.run", "^TestOpenAsService$") //nolint:gosec // this test
	c.Env = append(os.Environ(), openThere+"="+dir, "HOME=/")
	c.Dir = "/"
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: serviceUser, Gid: serviceUser}}
	out, err := c.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return string(out)
}
