package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/conf"
	"github.com/telegraf-station/telegraf-station/internal/stationctl/setup"
	"github.com/telegraf-station/telegraf-station/test/bed/arduino"
	"github.com/telegraf-station/telegraf-station/test/bed/kafka"
)

// station is a computer to set up: a directory with its files, a board, and a fake Telegraf.
type station struct {
	dir, config, environment, telegraf string
	board                              *arduino.Board
}

// goodTelegraf prints a reading, its arguments, and the password.
const goodTelegraf = `echo "2026-11-24T12:00:00Z I! called with $*, password $KAFKA_PASSWORD, $HIDDEN"
echo "> environment,device_id=roof temp=26.52 1795489223236813878"`

func newStation(t *testing.T, telegraf string) *station {
	t.Helper()
	dir := t.TempDir()
	s := &station{dir: dir, config: filepath.Join(dir, "etc", "telegraf.conf"), environment: filepath.Join(dir, "default"), telegraf: filepath.Join(dir, "telegraf")}
	require.NoError(t, os.WriteFile(s.telegraf, []byte("#!/bin/sh\n"+telegraf+"\n"), 0o700)) //nolint:gosec // a program must be executable
	var err error
	s.board, err = arduino.Plug(filepath.Join(dir, "ttyACM0"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.board.Unplug()) })
	return s
}

// files returns the flags of every call.
func (s *station) files() []string {
	return []string{"setup", "--config", s.config, "--environment", s.environment, "--telegraf", s.telegraf}
}

// answers returns the required flags.
func (s *station) answers(brokers string) []string {
	return []string{"--site", "GIST", "--index", "2", "--type", "rasp", "--device-id", "roof", "--port", s.board.Path(), "--brokers", brokers}
}

// call runs setup without a terminal.
func (s *station) call(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	root := newRoot()
	var out, errs bytes.Buffer
	root.SetIn(strings.NewReader(""))
	root.SetOut(&out)
	root.SetErr(&errs)
	code = run(t.Context(), root, append(s.files(), args...))
	return code, out.String(), errs.String()
}

func text(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(content)
}

func requireMode(t *testing.T, path string) {
	t.Helper()
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o640), info.Mode())
}

func startKafka(t *testing.T) string {
	t.Helper()
	cluster, err := kafka.StartEmbedded(kafka.EmbeddedOptions{Brokers: 2})
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	return strings.Join(cluster.Addresses(), ",")
}

func TestSetup(t *testing.T) {
	t.Setenv("HIDDEN", "of this shell")
	s := newStation(t, goodTelegraf)
	args := append(s.answers(startKafka(t)), "--replication-factor", "2")
	code, out, errs := s.call(t, args...)
	require.Equal(t, exitGood, code, errs+out)
	require.Contains(t, out, "Wrote "+s.config+".\n")
	require.Contains(t, out, "topic GIST_2_rasp.\n")
	require.Contains(t, out, "Test reading:\n> environment,device_id=roof temp=26.52 1795489223236813878\n")
	first := text(t, s.config)
	require.Contains(t, first, `port = "`+s.board.Path()+`"`)
	requireMode(t, s.config)
	require.NoFileExists(t, s.environment)

	code, out, errs = s.call(t, args...)
	require.Equal(t, exitGood, code, errs)
	require.Contains(t, out, s.config+" is unchanged")
	require.Equal(t, first, text(t, s.config))
	require.NoFileExists(t, s.config+".bak")

	require.NoError(t, os.WriteFile(s.config, []byte("# mine\n"+first), 0o600))
	code, out, errs = s.call(t, "--site", "JNU", "--json")
	require.Equal(t, exitGood, code, errs)
	var result setup.Result
	require.NoError(t, json.Unmarshal([]byte(out), &result))
	require.Equal(t, setup.File{Path: s.config, Changed: true, Backup: s.config + ".bak"}, result.Configuration)
	require.Equal(t, "JNU_2_rasp", result.Topic)
	require.Empty(t, result.Warnings)
	require.Len(t, result.Reading.Lines, 1)
	require.Contains(t, result.Reading.Output, "called with --config "+s.config+" --strict-env-handling --test, password , \n")
	require.Equal(t, "# mine\n"+first, text(t, s.config+".bak"))
	require.Equal(t, "# mine\n"+strings.Replace(first, `"GIST"`, `"JNU" `, 1), text(t, s.config))
	requireMode(t, s.config+".bak")
}

const kafkaPassword = `s3cret "pass$word`

// TestSetupKeepsSecrets out of everything except their file.
func TestSetupKeepsSecrets(t *testing.T) {
	t.Parallel()
	s := newStation(t, goodTelegraf)
	file := filepath.Join(s.dir, "password")
	require.NoError(t, os.WriteFile(file, []byte(kafkaPassword+"\n"), 0o600))
	require.NoError(t, os.WriteFile(s.environment, []byte("# ours\nSTATION_OUTBOX=/x\n"), 0o644)) //nolint:gosec // as Debian has it
	args := append(s.answers("127.0.0.1:1"), "--sasl-mechanism", "PLAIN", "--username", "station", "--password-file", file)
	code, out, errs := s.call(t, args...)
	require.Equal(t, exitFound, code, errs)
	require.Contains(t, out, "Wrote "+s.environment+", ")
	require.Contains(t, out, `Warning: brokers: cannot connect to broker "127.0.0.1:1"`)
	require.Equal(t, "# ours\nSTATION_OUTBOX=/x\nKAFKA_USERNAME=\"station\"\nKAFKA_PASSWORD=\"s3cret \\\"pass\\$word\"\n", text(t, s.environment))
	requireMode(t, s.environment)
	require.Contains(t, text(t, s.config), `sasl_password = "${KAFKA_PASSWORD:?set KAFKA_PASSWORD}"`)
	require.NotContains(t, text(t, s.config)+out+errs, "s3cret")

	code, out, errs = s.call(t, append(args, "--json")...)
	require.Equal(t, exitFound, code)
	require.Contains(t, out, "--test, password ***, ", "Telegraf had it")
	require.NotContains(t, out+errs, "s3cret")
	require.NotContains(t, out+errs, `"station"`)
	_, out, _ = s.call(t, "--no-test", "--yes")
	require.Contains(t, out, " is unchanged", "existing answers are not required")
}

func TestSetupFromAFile(t *testing.T) {
	t.Parallel()
	s := newStation(t, goodTelegraf)
	file := filepath.Join(s.dir, "telegraf-station.toml")
	require.NoError(t, os.WriteFile(file, []byte("site = \"JNU\"\nindex = 3\ntype = \"rasp\"\ndevice_id = \"roof\"\nport = \""+s.board.Path()+
		"\"\nbrokers = [\""+strings.ReplaceAll(startKafka(t), ",", "\", \"")+"\"]\nreplication-factor = 1\n"), 0o600))
	code, out, errs := s.call(t, "--from", file, "--site", "GIST")
	require.Equal(t, exitGood, code, errs+out)
	require.Contains(t, out, "topic GIST_3_rasp.\n")
	code, _, errs = s.call(t, "--from", filepath.Join(s.dir, "nowhere"))
	require.Equal(t, exitFailed, code)
	require.Contains(t, errs, "stationctl: flag --from: answers file: open ")
	require.NoError(t, os.WriteFile(file, []byte("site = \"J_NU\"\n"), 0o600))
	code, _, errs = s.call(t, "--from", file)
	require.Equal(t, exitFailed, code)
	require.Contains(t, errs, "stationctl: site of "+file+`: option "site" must not contain "_"`)
}

// TestSetupReportsAllInvalidAnswers together, and writes nothing.
func TestSetupReportsAllInvalidAnswers(t *testing.T) {
	t.Parallel()
	s := newStation(t, goodTelegraf)
	code, out, errs := s.call(t, "--site", "J_NU", "--type", "rasp", "--device-id", "roof", "--port", "ttyACM0", "--baud-rate", "fast", "--brokers", "kafka",
		"--location", "91,0", "--tls-ca", "ca.pem", "--sasl-mechanism", "PLAIN", "--password-file", "/nowhere")
	require.Equal(t, exitFailed, code)
	require.Empty(t, out)
	for _, want := range []string{
		`stationctl: flag --site: option "site" must not contain "_"`,
		`flag --index: missing; set the number`,
		`flag --location: option "location" must be`,
		`flag --port: option "port" must be`,
		`flag --baud-rate: it must be the number in Serial.begin()`,
		`flag --brokers: option "brokers" must be a list of host:port`,
		`flag --tls-ca: it must be "none", "system" `,
		`flag --username: missing; set the `,
		`flag --password-file: open /nowhere: no such file or directory (file "/nowhere")`,
	} {
		require.Contains(t, errs, want)
	}
	require.NoFileExists(t, s.config)
	require.NoFileExists(t, s.environment)

	code, _, errs = s.call(t, append(s.answers("127.0.0.1:1"), "--username", "u", "--password-file", "/nowhere")...)
	require.Equal(t, exitFailed, code)
	require.Equal(t, 2, strings.Count(errs, "requires --sasl-mechanism"))
	code, _, errs = s.call(t, append(s.answers("127.0.0.1:1"), "--sasl-mechanism", "PLAIN", "--username", "u")...)
	require.Equal(t, exitFailed, code)
	require.Contains(t, errs, "flag --password-file: the password is empty; write it to a file")
}

func TestSetupWithoutAReading(t *testing.T) {
	t.Parallel()
	brokers := startKafka(t)
	for telegraf, want := range map[string]struct{ cause, printed string }{
		"echo '2026-11-24T12:00:00Z I! hello'; echo '2026-11-24T12:00:00Z E! no reading within 10s'": {"see the messages of ", "  2026-11-24T12:00:00Z E! no reading within 10s\n"},
		"echo panic; exit 1": {"exit status 1", "  panic\n"},
		`echo "> cpu usage=1"; echo "> internal_x,device_id=1 x=1"; echo "> environment,device_id=roof status=2i"`: {
			"see the messages of ", "  > cpu usage=1\n  > internal_x,device_id=1 x=1\n  > environment,device_id=roof status=2i\n",
		},
		"true": {"see the messages of ", "  (nothing)\n"},
	} {
		s := newStation(t, telegraf)
		code, out, errs := s.call(t, append(s.answers(brokers), "--replication-factor", "2")...)
		require.Equal(t, exitFound, code, errs)
		require.Regexp(t, "Warning: no reading: .*"+want.cause, out)
		require.Contains(t, out, ":\n"+want.printed)
		require.FileExists(t, s.config)
	}
	s := newStation(t, "")
	s.telegraf = "/nowhere/telegraf"
	code, out, _ := s.call(t, append(s.answers(brokers), "--replication-factor", "2")...)
	require.Equal(t, exitFound, code)
	require.Contains(t, out, "Warning: cannot take a reading: ")
	require.Contains(t, out, "; set the program with --telegraf, or use --no-test\n")
	code, out, _ = s.call(t, "--no-test")
	require.Equal(t, exitGood, code, out)
	code, out, _ = s.call(t, "--no-test", "--replication-factor", "3", "--port", s.dir+"/ttyACM7")
	require.Equal(t, exitFound, code, out)
	require.Contains(t, out, "Warning: port: "+s.dir+"/ttyACM7: no such device; plug in the board")
	require.Contains(t, out, "Warning: replication-factor is 3, but Kafka has only 2 brokers")
}

func TestSetupFailures(t *testing.T) {
	t.Parallel()
	s := newStation(t, "")
	require.NoError(t, os.MkdirAll(filepath.Dir(s.config), 0o700))
	require.NoError(t, os.WriteFile(s.config, []byte("[agent\n"), 0o600))
	code, _, errs := s.call(t, s.answers("127.0.0.1:1")...)
	require.Equal(t, exitFailed, code)
	require.Contains(t, errs, "stationctl: "+s.config+": invalid TOML: ")
	store := strings.Replace(conf.Pi, "  # enable_tls = true\n", "  sasl_mechanism = \"PLAIN\"\n  sasl_username = \"@{store:user}\"\n  sasl_password = \"@{store:password}\"\n", 1)
	require.NoError(t, os.WriteFile(s.config, []byte(store), 0o600))
	code, _, errs = s.call(t, append(s.answers("127.0.0.1:1"), "--sasl-mechanism", "PLAIN")...)
	require.Equal(t, exitFailed, code)
	require.Contains(t, errs, "has a login that setup does not manage (PLAIN, or a secret store)")
	code, out, errs := s.call(t, append(s.answers("127.0.0.1:1"), "--no-test")...)
	require.Equal(t, exitFound, code, out+errs)
	require.Contains(t, text(t, s.config), "@{store:password}")

	s.config = "/proc/telegraf.conf"
	code, _, errs = s.call(t, s.answers("127.0.0.1:1")...)
	require.Equal(t, exitFailed, code)
	require.Contains(t, errs, "stationctl: cannot write /proc/telegraf.conf: ")
}
