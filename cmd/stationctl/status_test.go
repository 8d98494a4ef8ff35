package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/creack/pty"
	"github.com/stretchr/testify/require"

	stationkafka "github.com/telegraf-station/telegraf-station/internal/kafka"
	"github.com/telegraf-station/telegraf-station/internal/stationctl/status"
	"github.com/telegraf-station/telegraf-station/test/bed/kafka"
)

// newSites has a topic for each site, with a reading of the status now; -1: without one.
func newSites(t *testing.T, sites map[string]int) (addresses string) {
	t.Helper()
	cluster, err := kafka.StartEmbedded(kafka.EmbeddedOptions{})
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	config := stationkafka.NewToolConfig()
	config.Producer.Return.Successes = true
	producer, err := sarama.NewSyncProducer(cluster.Addresses(), config)
	require.NoError(t, err)
	defer func() { require.NoError(t, producer.Close()) }()
	for topic, code := range sites {
		require.NoError(t, cluster.Cluster().CreateTopic(topic, 1, nil))
		if code < 0 {
			continue
		}
		value := fmt.Sprintf(`{"device_id":"pi","status":%d,"time":%q}`, code, time.Now().UTC().Format(time.RFC3339Nano))
		_, _, err := producer.SendMessage(&sarama.ProducerMessage{Topic: topic, Key: sarama.StringEncoder("pi"), Value: sarama.StringEncoder(value)})
		require.NoError(t, err)
	}
	return strings.Join(cluster.Addresses(), ",")
}

func TestStatus(t *testing.T) {
	t.Parallel()
	brokers := newSites(t, map[string]int{"A_1_x": 0, "JNU_1_rasp": 2, "Z_1_x": 1})
	code, out, errs := call(t, "status", "--brokers", brokers)
	require.Equal(t, exitFound, code, errs)
	lines := strings.Split(out, "\n")
	require.Regexp(t, `^topic +last reading +rate +status +devices +lag +lost +parked +problems$`, lines[0])
	require.Regexp(t, `^JNU_1_rasp +\d+s +- +silent +1 +all 1 +0 +- +the board of "pi" is silent$`, lines[1])
	require.Regexp(t, `^A_1_x +\d+s +- +good +1 +all 1 +0 +-$`, lines[2])
	require.Regexp(t, `^Z_1_x +\d+s +- +sensing error +1 +all 1 +0 +-$`, lines[3])
	require.Contains(t, lines[4], `! group "telegraf-station" has read none of these topics; check --group`)
	require.Equal(t, "3 sites, 1 with problems", lines[5])

	_, out, _ = call(t, "status", "--brokers", brokers, "--sort", "name")
	require.Contains(t, strings.Split(out, "\n")[1], "A_1_x")
	code, out, errs = call(t, "status", "--brokers", brokers, "--site", "A", "--json")
	require.Equal(t, exitGood, code, errs)
	var report status.Report
	require.NoError(t, json.Unmarshal([]byte(out), &report))
	require.Equal(t, "telegraf-station", report.Group)
	require.Len(t, report.Sites, 1)
	require.Equal(t, "good", report.Sites[0].Devices[0].State)
	code, _, _ = call(t, "status", "--brokers", brokers, "--site", "A", "--max-lag", "0", "--group", "mine")
	require.Equal(t, exitFound, code)
	code, _, errs = call(t, "status", "--brokers", brokers, "--site", "KAIST")
	require.Equal(t, exitFailed, code)
	require.Contains(t, errs, `stationctl: no site topic matches "KAIST"`)
}

func TestStatusWrongUse(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		`flag --brokers: option "brokers" is required`:                       {},
		`unexpected argument "10s"; select a site with --site JNU`:           {"--watch", "10s"},
		`flag --watch must be 1s or more (got "1ms")`:                        {"--watch=1ms"},
		`flag --site: "[": syntax error in pattern`:                          {"--site", "["},
		`flag --group must not be empty`:                                     {"--group", ""},
		`flag --silent-after must be above zero, e.g. 5m (got "0s")`:         {"--silent-after", "0"},
		`flag --max-lag must be 0 or more (got "-1")`:                        {"--max-lag", "-1"},
		`flag --sort must be troubles or name (got "lag")`:                   {"--sort", "lag"},
		`flag --timeout must be above zero, e.g. 1m (got "0s")`:              {"--timeout", "0"},
		`cannot connect to Kafka at 127.0.0.1:1: unable to dial: dial tcp`:   {"--timeout", "1m"},
		`flag --sasl-username requires --sasl-mechanism, e.g. SCRAM-SHA-512`: {"--sasl-username", "u"},
		`invalid argument "x" for "--watch" flag: `:                          {"--watch=x"},
	} {
		if len(args) > 0 {
			args = append([]string{"--brokers", "127.0.0.1:1"}, args...)
		}
		code, _, errs := call(t, append([]string{"status"}, args...)...)
		require.Equal(t, exitFailed, code, args)
		require.Contains(t, errs, want)
	}
}

// looks counts the tables that are written, and ends the watching after some.
type looks struct {
	text strings.Builder
	left int
	end  context.CancelFunc
}

func (l *looks) Write(text []byte) (int, error) {
	if l.left--; l.left == 0 {
		l.end()
	}
	return l.text.Write(text)
}

func TestStatusWatches(t *testing.T) {
	t.Parallel()
	ctx, end := context.WithCancel(t.Context())
	out := &looks{left: 2, end: end}
	root := newRoot()
	root.SetOut(out)
	code := run(ctx, root, []string{"status", "--brokers", newSites(t, map[string]int{"A_1_x": 0, "B_1_x": -1}), "--watch=1s"})
	require.Equal(t, exitFound, code, "as the last look found")
	require.Equal(t, 2, strings.Count(out.text.String(), "topic  last reading"))
	require.NotContains(t, out.text.String(), "\x1b")
}

// Brokers come back: what watches does not end when they are gone.
func TestStatusWatchesOnWithoutBrokers(t *testing.T) {
	t.Parallel()
	ctx, end := context.WithCancel(t.Context())
	out := &looks{left: 2, end: end}
	root := newRoot()
	root.SetOut(out)
	root.SetErr(out)
	code := run(ctx, root, []string{"status", "--brokers", "127.0.0.1:1", "--watch=1s"})
	require.Equal(t, exitFailed, code)
	require.Equal(t, 3, strings.Count(out.text.String(), "stationctl: cannot connect to Kafka at 127.0.0.1:1"), "twice, and as the result")
}

func TestRedrawOnATerminal(t *testing.T) {
	t.Parallel()
	master, slave, err := pty.Open()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, errors.Join(master.Close(), slave.Close())) })
	require.NoError(t, pty.Setsize(slave, &pty.Winsize{Rows: 5, Cols: 10}))
	p := newUser(master)
	require.NoError(t, redraw(slave, "head\none with more than fits\ntwo\nthree\nsum\n", time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)))
	p.waits(t, "\x1b[H\x1b[2J03:04:05\nhead\none with m\nand 3 more\n")
	require.NoError(t, redraw(slave, "more than ten\n", time.Date(2026, 1, 2, 3, 4, 6, 0, time.UTC)))
	p.waits(t, "\x1b[H\x1b[2J03:04:06\nmore than ten\n") // there is room for it
	file, err := os.Create(t.TempDir() + "/out")
	require.NoError(t, err)
	require.NoError(t, redraw(file, "text\n", time.Now()))
	require.NoError(t, file.Close())
	content, err := os.ReadFile(file.Name())
	require.NoError(t, err)
	require.Equal(t, "text\n", string(content))
}
