package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/internal/stationctl/doctor"
)

func TestDoctor(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	telegraf, configuration, environment := filepath.Join(dir, "telegraf"), filepath.Join(dir, "telegraf.conf"), filepath.Join(dir, "environment")
	require.NoError(t, os.WriteFile(telegraf, []byte("#!/bin/sh\necho Telegraf of the test\n"), 0o755)) //nolint:gosec // a program must be executable
	args := []string{"doctor", "--telegraf", telegraf, "--config", configuration, "--environment", environment}
	code, out, errs := call(t, args...)
	require.Equal(t, exitFound, code, errs)
	require.Contains(t, out, "✗ files: "+configuration+" does not exist\n    sudo stationctl setup\n- configuration: not checked: files failed\n")
	require.Contains(t, out, "- all else: not checked: files failed\n")

	text := "[[inputs.arduino_serial]]\n  port = \"" + dir + "/ttyACM0\"\n  device_id = \"roof\"\n  site = \"JNU\"\n  index = \"1\"\n  type = \"rasp\"\n[[inputs.cpu]]\n" +
		"[[outputs.kafka_site]]\n  brokers = [\"127.0.0.1:1\"]\n  sasl_username = \"station\"\n  sasl_password = \"t0p-secret\"\n  sasl_mechanism = \"PLAIN\"\n"
	require.NoError(t, os.WriteFile(configuration, []byte(text), 0o600))
	code, out, errs = call(t, append(args, "--json")...)
	require.Equal(t, exitFound, code, errs)
	require.NotContains(t, out, "t0p-secret")
	var report doctor.Report
	require.NoError(t, json.Unmarshal([]byte(out), &report))
	require.Equal(t, configuration, report.Configuration)
	states := make(map[string]doctor.State)
	for _, f := range report.Findings {
		states[f.Check] = f.State
	}
	require.Equal(t, doctor.Failed, states["port"])
	require.Equal(t, doctor.Unchecked, states["reading"])
	require.Equal(t, doctor.Failed, states["TCP"])
	require.Equal(t, doctor.Unchecked, states["ACL"])
	require.Equal(t, doctor.Warning, states["outbox"])

	code, _, errs = call(t, "doctor", "JNU_1_rasp")
	require.Equal(t, exitFailed, code)
	require.Contains(t, errs, "stationctl: unknown command")
	_, out, _ = call(t, "doctor", "--help")
	require.Contains(t, out, "sudo stationctl doctor --json")
	require.Contains(t, out, "It changes nothing")
}
