package main

import (
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTheRealProgram builds and runs it, for what an operator's script sees: exit codes, and what goes where.
func TestTheRealProgram(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("slow: builds stationctl")
	}
	program := filepath.Join(t.TempDir(), "stationctl")
	output, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".").CombinedOutput() //nolint:gosec // a folder of the test's
	require.NoError(t, err, string(output))
	good := strings.Join(newCluster(t, "1", "2", "3", "3").Addresses(), ",")
	lossy := strings.Join(newCluster(t, "1", "4", "5").Addresses(), ",")
	for _, test := range []struct {
		args           []string
		code           int
		stdout, stderr string
	}{
		{[]string{"audit", "--brokers", good}, exitGood, "\n4 records, 0 lost, 1 repeated, 0 conflicts, 0 out of order\n", ""},
		{[]string{"audit", "--brokers", lossy, "JNU_1_rasp"}, exitFound, "epoch 18eadc35f82ab769: lost 2 to 3\n3 records, 2 lost,", ""},
		{[]string{"audit", "--brokers", lossy, "--json"}, exitFound, `"lost": 2`, ""},
		{[]string{"audit", "--brokers", good, "GIST_1_rasp"}, exitFailed, "", `stationctl: topic "GIST_1_rasp": `},
		{[]string{"audit", "--brokers", "127.0.0.1:1"}, exitFailed, "", "stationctl: cannot connect to Kafka at 127.0.0.1:1: "},
		{[]string{"audit"}, exitFailed, "", `stationctl: flag --brokers: option "brokers" is required`},
		{[]string{"audit", "--help"}, exitGood, "--influx-token-file", ""},
	} {
		command := exec.CommandContext(t.Context(), program, test.args...) //nolint:gosec // what was built
		var stdout, stderr strings.Builder
		command.Stdout, command.Stderr = &stdout, &stderr
		code, exit := 0, (*exec.ExitError)(nil)
		if err := command.Run(); errors.As(err, &exit) {
			code = exit.ExitCode()
		} else {
			require.NoError(t, err)
		}
		require.Equal(t, test.code, code, "%q: %s", test.args, stderr.String())
		require.Contains(t, stdout.String(), test.stdout)
		if test.stderr == "" {
			require.Empty(t, stderr.String())
		} else {
			require.Empty(t, stdout.String())
			require.Contains(t, stderr.String(), test.stderr)
		}
	}
}
