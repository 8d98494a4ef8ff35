package main

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/IBM/sarama"
	"github.com/stretchr/testify/require"

	stationkafka "github.com/telegraf-station/telegraf-station/internal/kafka"
	"github.com/telegraf-station/telegraf-station/internal/outbox"
	"github.com/telegraf-station/telegraf-station/internal/stationctl/audit"
	"github.com/telegraf-station/telegraf-station/test/bed/kafka"
)

// call runs a command line.
func call(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	root := newRoot()
	var out, errs bytes.Buffer
	root.SetOut(&out)
	root.SetErr(&errs)
	code = run(t.Context(), root, args)
	return code, out.String(), errs.String()
}

// newCluster has the topic JNU_1_rasp with the numbers.
func newCluster(t *testing.T, seqs ...string) *kafka.Embedded {
	t.Helper()
	cluster, err := kafka.StartEmbedded(kafka.EmbeddedOptions{})
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	require.NoError(t, cluster.Cluster().CreateTopic("JNU_1_rasp", 1, nil))
	config := stationkafka.NewToolConfig()
	config.Producer.Return.Successes = true
	producer, err := sarama.NewSyncProducer(cluster.Addresses(), config)
	require.NoError(t, err)
	for _, seq := range seqs {
		_, _, err := producer.SendMessage(&sarama.ProducerMessage{
			Topic: "JNU_1_rasp", Key: sarama.StringEncoder("pi"), Value: sarama.StringEncoder(`{"time":"2026-11-24T12:00:00Z"}`),
			Headers: []sarama.RecordHeader{
				{Key: []byte("station-epoch"), Value: []byte("18eadc35f82ab769")}, {Key: []byte("station-seq"), Value: []byte(seq)},
			},
		})
		require.NoError(t, err)
	}
	require.NoError(t, producer.Close())
	return cluster
}

func TestAudit(t *testing.T) {
	t.Parallel()
	good := strings.Join(newCluster(t, "1", "2", "3").Addresses(), ",")
	code, out, errs := call(t, "audit", "--brokers", good)
	require.Equal(t, exitGood, code, errs)
	require.Contains(t, out, "JNU_1_rasp  pi      3        0     0         0          0             0       0        1       2026-11-24T12:00:00Z")
	require.Contains(t, out, "3 records, 0 lost, 0 repeated, 0 conflicts, 0 out of order\n")

	lossy := strings.Join(newCluster(t, "1", "4", "5").Addresses(), ",")
	code, out, _ = call(t, "audit", "--brokers", lossy, "JNU_1_rasp")
	require.Equal(t, exitFound, code)
	require.Contains(t, out, "JNU_1_rasp, pi, epoch 18eadc35f82ab769: lost 2 to 3\n")
	code, out, _ = call(t, "audit", "--brokers", lossy, "--json")
	require.Equal(t, exitFound, code)
	var report audit.Report
	require.NoError(t, json.Unmarshal([]byte(out), &report))
	require.EqualValues(t, 2, report.Lost())
	code, out, errs = call(t, "audit", "--brokers", lossy, "JNU_1_rasp", "nowhere_1_rasp")
	require.Equal(t, exitFailed, code)
	require.Contains(t, out, "lost 2 to 3\n", "the other topic is reported anyway")
	require.Contains(t, errs, `stationctl: topic "nowhere_1_rasp": `)
}

func TestWrongUse(t *testing.T) {
	t.Setenv("INFLUX_TOKEN", "")
	empty := t.TempDir()
	for want, args := range map[string][]string{
		`flag --brokers: option "brokers" is required`:                                       {"audit"},
		`flag --topic-regexp: error parsing regexp`:                                          {"audit", "--brokers", "127.0.0.1:1", "--topic-regexp", "("},
		`--influx-url requires a token; set --influx-token-file or INFLUX_TOKEN`:             {"audit", "--brokers", "127.0.0.1:1", "--influx-url", "http://127.0.0.1:1"},
		`flag --influx-token-file: open /nowhere: no such file or directory`:                 {"audit", "--brokers", "127.0.0.1:1", "--influx-url", "http://127.0.0.1:1", "--influx-token-file", "/nowhere"},
		`flag --sasl-password-file: open /nowhere: no such file or directory`:                {"audit", "--brokers", "127.0.0.1:1", "--sasl-mechanism", "PLAIN", "--sasl-username", "u", "--sasl-password-file", "/nowhere"},
		`flags --sasl-mechanism and --sasl-password-file require --sasl-username`:            {"audit", "--brokers", "127.0.0.1:1", "--sasl-mechanism", "PLAIN"},
		`flag --sasl-username requires --sasl-mechanism`:                                     {"audit", "--brokers", "127.0.0.1:1", "--sasl-username", "u"},
		`flags --tls-cert and --tls-key must be used together`:                               {"audit", "--brokers", "127.0.0.1:1", "--tls-cert", "/nowhere"},
		`flag --influx-token-file requires --influx-url`:                                     {"audit", "--brokers", "127.0.0.1:1", "--influx-token-file", "/nowhere"},
		`flag --influx-bucket requires --influx-url`:                                         {"audit", "--brokers", "127.0.0.1:1", "--influx-bucket", "b"},
		`flag --influx-url must be a URL, e.g. http://localhost:8086 (got "localhost:8086")`: {"audit", "--brokers", "127.0.0.1:1", "--influx-url", "localhost:8086"},
		`flag --timeout must be above zero, e.g. 10m (got "0s")`:                             {"audit", "--brokers", "127.0.0.1:1", "--timeout", "0"},
		`topics and --topic-regexp cannot be used together`:                                  {"audit", "--brokers", "127.0.0.1:1", "--topic-regexp", "a", "JNU_1_rasp"},
		`cannot connect to Kafka at 127.0.0.1:1: unable to dial: dial`:                       {"audit", "--brokers", "127.0.0.1:1"},
		`unknown command "autdit" for "stationctl"`:                                          {"autdit"},
		`unknown flag: --brokrs`:                                                             {"audit", "--brokrs", "a:1"},
		`no outbox: stat /nowhere: no such file or directory`:                                {"outbox", "--outbox", "/nowhere"},
		`specify the names of parked records, or --all`:                                      {"outbox", "replay"},
		`no parked record "x" in ` + empty + `; list them with "stationctl outbox list"`:     {"outbox", "show", "x", "--outbox", empty},
	} {
		code, _, errs := call(t, args...)
		require.Equal(t, exitFailed, code, args)
		require.Contains(t, errs, "stationctl: "+want)
	}
}

func TestOutbox(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o := outbox.New(outbox.Options{Dir: dir, MaxBytes: 1 << 20, MaxRecords: 1000, OnFull: outbox.Block})
	require.NoError(t, o.Open())
	t.Cleanup(func() { require.NoError(t, o.Close()) })
	for i := range 3 {
		require.NoError(t, o.Append([]*outbox.Record{{Topic: "JNU_1_rasp", Device: "pi", Time: int64(i), Value: []byte("reading")}}))
	}
	parking := make(chan error, 1)
	o.Park(o.Next("JNU_1_rasp", 1, 1000)[0], "too large", func(err error) { parking <- err })
	require.NoError(t, <-parking)
	require.NoError(t, o.ParkMetric(&outbox.Parked{Reason: "no topic", Metric: "cpu usage=1"}))

	code, out, errs := call(t, "outbox", "--outbox", dir)
	require.Equal(t, exitGood, code, errs)
	require.Contains(t, out, "JNU_1_rasp  2        1970-01-01T00:00:00Z  1970-01-01T00:00:00Z")
	require.Contains(t, out, "2 parked, 0 damaged, 65536 bytes on disk; in use by an agent\n")
	_, out, _ = call(t, "outbox", "--outbox", dir, "--json")
	require.Contains(t, out, `"waiting": 2`)

	_, out, _ = call(t, "outbox", "list", "--outbox", dir)
	require.Contains(t, out, "JNU_1_rasp  pi      1970-01-01T00:00:00Z  too large\n")
	parked, err := outbox.ListParked(dir)
	require.NoError(t, err)
	_, out, _ = call(t, "outbox", "show", parked[0].Name, "--outbox", dir)
	require.Contains(t, out, `"reason": "too large"`)
	require.Contains(t, out, `"value": "reading"`)

	code, out, errs = call(t, "outbox", "replay", parked[0].Name, "--outbox", dir)
	require.Equal(t, exitGood, code, errs)
	require.Equal(t, "replay: 1 record\n", out)
	require.FileExists(t, filepath.Join(dir, "replay", parked[0].Name+".json"))
	_, out, _ = call(t, "outbox", "discard", "--all", "--outbox", dir)
	require.Equal(t, "discard: 1 record\n", out)
	_, out, _ = call(t, "outbox", "list", "--outbox", dir, "--json")
	require.JSONEq(t, "[]", out)
}
