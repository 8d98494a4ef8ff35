package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/internal/stationctl/certs"
)

func TestCertsFromCAToCheck(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "certs")
	broker := []string{"certs", "broker", "kafka-1", "--dir", dir, "--name", "kafka-1", "--name", "192.0.2.7"}
	code, out, errs := call(t, "certs", "ca", "--dir", dir, "--dry-run")
	require.Equal(t, exitGood, code, errs)
	require.Contains(t, out, "nothing was changed\n")
	require.NoDirExists(t, dir)
	code, _, errs = call(t, broker...)
	require.Equal(t, exitFailed, code)
	require.Contains(t, errs, "stationctl certs ca --dir "+dir)

	code, out, errs = call(t, "certs", "ca", "--dir", dir, "--name", "Stations of JNU")
	require.Equal(t, exitGood, code, errs)
	require.Regexp(t, `^\+ CA "Stations of JNU" in ".*/ca.pem", valid until 20\d\d-\d\d-\d\d; `, out)
	code, out, errs = call(t, broker...)
	require.Equal(t, exitGood, code, errs)
	require.Regexp(t, `^\+ certificate ".*/kafka-1.pem" for kafka-1, 192.0.2.7, valid until 20`, out)
	code, again, errs := call(t, append(broker, "--json")...)
	require.Equal(t, exitGood, code, errs)
	var result certs.Result
	require.NoError(t, json.Unmarshal([]byte(again), &result))
	require.Equal(t, certs.Unchanged, result.Mark)

	code, table, errs := call(t, "certs", "check", "--dir", dir)
	require.Equal(t, exitGood, code, errs)
	require.Contains(t, table, "192.0.2.7, kafka-1  20")
	code, table, _ = call(t, "certs", "check", "--dir", dir, "--within", "1000")
	require.Equal(t, exitFound, code)
	require.Contains(t, table, "! "+dir+"/kafka-1.pem: it expires; ")
	code, report, _ := call(t, "certs", "check", "--dir", dir, "--within", "1000", "--json")
	require.Equal(t, exitFound, code)
	require.Contains(t, report, `"trouble": "it expires`)

	key, err := os.ReadFile(filepath.Join(dir, "ca.key"))
	require.NoError(t, err)
	secret := strings.Split(string(key), "\n")[1]
	require.NotContains(t, out+again+table+report, secret)
}

func TestCertsInvalidUse(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		`a command is required: ca, broker, or check`:                   {},
		`one BROKER is required`:                                        {"broker"},
		`the validity of a certificate must be 1 to 18250 days (got 0)`: {"ca", "--days", "0", "--dir", t.TempDir()},
		`a broker name must have at most 200 letters`:                   {"broker", "../../etc"},
		`no CA in directory "/nowhere"`:                                 {"check", "--dir", "/nowhere"},
	} {
		code, _, errs := call(t, append([]string{"certs"}, args...)...)
		require.Equal(t, exitFailed, code, args)
		require.Contains(t, errs, "stationctl: "+want)
	}
}
